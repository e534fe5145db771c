"""What integrators may rely on: the messages of the topics, and the schemas that describe them.

Nothing here sends anything or reads a topic; whoever does asks for messages, and for the names of topics.
"""
