"""A local AWS for rehearsals: moto with the refusals, delays and quotas of the real one.

Nothing here is an AWS account. State lives in memory only; `GET /_sandbox/identity` gives a
server id, by which a client notices that it talks to another (empty) server than before.
"""
