"""Nothing is shown in README or docs that the program does not print."""

from docs import shown


def test_every_output_shown_in_the_documents_is_what_the_program_prints(capsys):
    assert shown.main([]) == 0, capsys.readouterr().out
