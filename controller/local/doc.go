// Package local runs a whole cluster on one machine: it is where instances come
// from (Fleet) and where the topology record lives (Store) when there is no
// Kubernetes. It decides nothing: the control loop uses it through the
// interfaces controller.Fleet and controller.Store.
//
//	config := local.Defaults()
//	config.Dir, config.Binary = "data", "./memgraph-standin"
//	fleet, err := local.OpenFleet(ctx, config, log)
//	...
//	defer fleet.Close(ctx)
//	store, err := local.OpenStore(config.Dir)
//	...
//	defer store.Close()
//
// Beyond the two interfaces a Fleet breaks and mends instances by hand (Kill,
// Stop, Cont, Hold, Release, RestartGracefully), which is how a person or a test
// makes trouble in a local cluster.
//
// # Files
//
//	DIR/lock                         held while a Fleet uses DIR
//	DIR/record.json                  the topology record
//	DIR/record.json.bak              the one before it, for people; never read
//	DIR/record.json.lock             held while the record is replaced
//	DIR/memgraph-0/data              the data directory of the database
//	DIR/memgraph-0/log, log.1        what the database printed
//	DIR/memgraph-0/quarantine/TIME-REASON   data that were set aside
//
// # Limits
//
// Linux only: it relies on parent death signals. A process that is killed loses
// nothing that it wrote (the system still has it), so this is no test of lost
// disks. Data that were set aside are never deleted; freeing the disk is up to a
// person.
package local
