module memgraph-controller

go 1.26.0
