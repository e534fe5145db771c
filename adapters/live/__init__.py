"""`bitacora live`: accounts kept while entries arrive on a topic, told again as topics and over HTTP.

What is judged is in `judging`, with the functions of `projections`; what is kept, and when, in `keeping`, which knows neither
Kafka nor Faust; `application` is the Faust worker around it.
"""
