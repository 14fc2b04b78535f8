// Package sim runs a whole cluster in virtual time: the controller's loop and
// its decision core, the Memgraph client, both gateways and the stand-in's state
// machine as they are, over a network, disks and a record store in memory, inside
// a bubble of testing/synctest. Thirty seconds of a cluster take about a tenth of
// a second, so thousands of faults can be tried.
//
//	sim.Run(t, sim.Options{}, func(t *testing.T, c *sim.Cluster) {
//		load := c.Load(2, 25*time.Millisecond)
//		main := c.Whole(30 * time.Second).Record.Main
//		c.Kill(main)
//		...
//		c.Start(main)
//		c.Whole(30 * time.Second)
//		c.RequireNothingLost(load.Stop())
//	})
//
// Faults are methods of Cluster. Every message takes Options.Latency, and so does
// the record store, so that a fault can meet a commit, a promotion or a record on
// its way.
//
// Rules are checked all the time, not only at the end (judge.go, holders.go):
//
//   - with each order to a database: only the leader gives orders; nobody is promoted
//     while a gateway may let an older epoch through; nobody is promoted or gets a
//     replica while another instance answers as main; no main gets a second voter; no
//     silent replica is dropped, nor one that votes by the record;
//   - with each acknowledgement, each record, each promotion and each reseeding: main,
//     voter and heir hold every write that a client was told is done;
//   - with each record: nobody votes whom the others would refuse as their main while
//     another one could; epochs never fall (that, and what else is true of a sequence of
//     records, at the end);
//   - in the end: the cluster is whole in bounded time, nothing acknowledged is lost or
//     invented, all instances are equal, and what clients read and wrote is linearizable.
//
// What is left to chance comes from Options.Seed. The Go scheduler is not, but for
// the overlay of chaos/sim/replay: `make sim` runs under it, and a schedule that
// failed is replayed exactly by `make sim SEED=number` (SIM_LOG=1 shows all that its
// parts log). Without the overlay a seed that fails once is to be run a few times.
package sim
