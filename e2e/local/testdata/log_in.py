"""Logs in with the official Python driver, reads, and says what came of it.

    python log_in.py bolt://127.0.0.1:7688 ada secret
"""

import sys

import neo4j
from neo4j.exceptions import Neo4jError

url, user, password = sys.argv[1:]
try:
    with neo4j.GraphDatabase.driver(url, auth=(user, password)) as driver:
        with driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
            print("let in:", session.run("MATCH (n:Kept) RETURN count(n) AS n").single()["n"])
except Neo4jError as e:
    print("refused:", e.code)
