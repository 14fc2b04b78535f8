// Package standin behaves like Memgraph Community as a controller and clients
// see it from outside: roles, registrations, replication with its epochs and
// divergences, commits that wait, the statements and their texts. It exists so
// that what is built around Memgraph can be tested thousands of times, with
// faults, where Memgraph itself cannot run; it is no database for data that
// anybody needs.
//
//	config := standin.Defaults()
//	config.Name, config.Disk, config.BoltAddress = "mg1", &disk.Memory{}, "127.0.0.1:7687"
//	instance, err := standin.Start(ctx, config)
//	defer instance.Kill()
//
// The model is Memgraph 3.6.2, which was observed; for what changed up to 3.13
// Config.Version can be set. It is deliberately as good and as bad as the
// original: a restarted replica becomes a main that refuses all others, DROP
// REPLICA of a silent one ends the process, a promotion over a living main
// loses a write.
//
// Everything runs in virtual time too (testing/synctest), with a network and a
// disk in memory; sessions are then taken from Instance.Backend. Instance.Faults
// makes an instance freeze, lose messages or fail to sync while it runs. The
// program in cmd/memgraph-standin is the same for a machine or a container.
package standin
