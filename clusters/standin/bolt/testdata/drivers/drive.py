"""Uses the official Python driver in every way that an application may.

    python drive.py bolt://127.0.0.1:7687

The server's database is the one of the Go test that runs this program.
"""

import datetime
import sys

import neo4j
from neo4j.exceptions import ClientError, Neo4jError, TransientError

ECHO = "RETURN $value AS value"
RANGE = "UNWIND range(1, $n) AS i RETURN i, 'row' AS text"
CREATE = "CREATE (:X)"
COUNT = "MATCH (n:X) RETURN count(n) AS n"
GRAPH = "MATCH (n)-[r]->() RETURN n, r"
FAIL_COMMITS = "FAIL COMMITS"


def expect(failure, action):
    try:
        action()
    except failure as e:
        return e
    raise AssertionError(f"expected {failure}")


def count(driver):
    with driver.session() as session:
        return session.run(COUNT).single()["n"]


def identity(driver):
    info = driver.get_server_info()
    assert info.agent == "Neo4j/v5.11.0 compatible graph database server - Memgraph", info.agent
    assert tuple(info.protocol_version) == (5, 2), info.protocol_version


def autocommit(driver):
    before = count(driver)
    with driver.session() as session:
        summary = session.run(CREATE).consume()
    assert summary.counters.nodes_created == 1
    assert summary.query_type == "w"
    assert summary.database == "memgraph"
    assert count(driver) == before + 1


def values(driver):
    sent = {
        "null": None, "bool": True, "int": -(1 << 40), "float": 0.1, "text": "Größe",
        "bytes": bytearray([0, 255]), "list": [1, []], "map": {"a": {}},
    }
    with driver.session() as session:
        received = session.run(ECHO, value=sent).single()["value"]
        assert received == sent, received
        record = session.run(GRAPH).single()
    node, edge = record["n"], record["r"]
    assert (node.element_id, set(node.labels), dict(node)) == ("1", {"X"}, {"id": 7})
    assert (edge.element_id, edge.type, dict(edge)) == ("2", "KNOWS", {"since": 1.5})
    assert (edge.start_node.element_id, edge.end_node.element_id) == ("1", "3")


def explicit_transactions(driver):
    before = count(driver)
    with driver.session(database="memgraph") as session:
        with session.begin_transaction() as tx:
            tx.run(CREATE)
            tx.rollback()
        with session.begin_transaction() as tx:
            tx.run(CREATE)
            tx.run(CREATE)
            tx.commit()
    assert count(driver) == before + 2


def managed_transactions(driver):
    tries = []

    def work(tx):
        tries.append(1)
        tx.run(CREATE).consume()

    before = count(driver)
    with driver.session() as session:
        session.run(FAIL_COMMITS, n=1).consume()
        session.execute_write(work)
        assert session.execute_read(lambda tx: tx.run(COUNT).single()["n"]) == before + 1
    assert len(tries) == 2, tries


def transient_failures(driver):
    with driver.session() as session:
        session.run(FAIL_COMMITS, n=1).consume()
        assert expect(TransientError, lambda: session.run(CREATE).consume()).is_retryable()


def results_side_by_side(driver):
    with driver.session(fetch_size=2) as session, session.begin_transaction() as tx:
        a = tx.run(RANGE, n=9)
        next(a)
        b = tx.run(RANGE, n=9)
        assert [r["i"] for r in b] == list(range(1, 10))
        assert [r["i"] for r in a] == list(range(2, 10))
        tx.commit()


def portions(driver):
    with driver.session(fetch_size=10) as session:
        result = session.run(RANGE, n=1 << 40)
        assert [next(result)["i"] for _ in range(25)] == list(range(1, 26))
        result.consume()
        assert session.run(ECHO, value=1).single()["value"] == 1


def hundred_thousand(driver):
    with driver.session() as session:
        rows = [r["i"] for r in session.run(RANGE, n=100_000)]
    assert rows == list(range(1, 100_001))


def failures(driver):
    with driver.session() as session:
        for _ in range(3):
            e = expect(ClientError, lambda: session.run("BROKEN").consume())
            assert e.code == "Memgraph.ClientError.MemgraphError.MemgraphError", e.code
            assert "Error on line 1 position 1." in e.message, e.message
            e = expect(ClientError, lambda: list(session.run("BROKEN ROWS")))
            assert "The disk is on fire." in e.message
            e = expect(ClientError, lambda: session.run(ECHO, value=datetime.date.today()).consume())
            assert "not supported" in e.message
            assert session.run(ECHO, value=1).single()["value"] == 1
        tx = session.begin_transaction()
        expect(ClientError, lambda: tx.run("BROKEN").consume())
        tx.close()
        assert session.run(ECHO, value=2).single()["value"] == 2


def users(driver):
    for name in ("bob", "eve", "bob"):
        with driver.session(auth=(name, "x")) as session:
            assert session.run(ECHO, value=name).single()["value"] == name


def routing(url):
    with neo4j.GraphDatabase.driver(url.replace("bolt:", "neo4j:")) as driver:
        expect((Neo4jError, neo4j.exceptions.DriverError), driver.verify_connectivity)


def main(url):
    with neo4j.GraphDatabase.driver(url, auth=("ann", "x"), max_connection_pool_size=5) as driver:
        for test in (identity, autocommit, values, explicit_transactions, managed_transactions, transient_failures,
                     results_side_by_side, portions, hundred_thousand, failures, users):
            test(driver)
            print("ok", test.__name__, flush=True)
    routing(url)
    print("ok routing: neo4j", neo4j.__version__)


main(sys.argv[1])
