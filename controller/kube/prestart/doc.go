// Package prestart is what happens to the data of a database before it starts in
// a pod: it carries out the order that a controller left for the instance, or
// does nothing. It runs in an init container that shares the database's volume
// and user.
//
//	err := prestart.Run(ctx, prestart.Config{
//		Instance: "memgraph-1", Pod: uid, Data: "/var/lib/memgraph/data",
//		Source: kube.NewOrderBook(client, config), Log: log,
//	})
//
// A controller cannot reach into a pod: it can only delete it. So it writes an
// order, deletes the pod, and the successor of the pod carries the order out:
//
//	restart   forget the role: the database comes back as a main that knows no
//	          replicas, with its data
//	reseed    set the data aside: the database starts empty
//
// # When an order is carried out
//
// Orders are read from the API server at that moment. A mounted ConfigMap may be
// a minute old, annotations of a template are the same for all pods, and to ask
// the controllers would need one of them to be up.
//
// An order is carried out only if all of this holds:
//
//   - It is about another pod than this one, and that pod was the last to use
//     the volume. The file last-pod on the volume says who was; it is replaced
//     after the order was carried out. So no order is carried out twice, and none
//     on data that a later pod has written.
//   - Nobody uses the data directory. A pod that was deleted by force may leave
//     its process behind for a while; it is waited for.
//   - The record allows it. An instance that the record names as main never
//     forgets its role, because it would take writes without its voter. Data are
//     set aside only if the record quarantines the very process that the order
//     is about, and names the instance neither as main, heir, voter nor as the
//     main before: whoever is one of these may hold the last copy.
//
// If the orders or the record cannot be read for 10 s the database starts with
// its data as they are, and the control loop, which sees that nothing changed,
// asks again. A pending order that cannot be carried out (a disk that cannot be
// written, a rename to another file system) ends with an error: the pod does not
// start, and its message says what to do.
//
// # Restoring a backup
//
// On a volume that nobody ever used, of a cluster that has no topology record, a backup may
// be restored before the first start. It is waited for until a job has brought it; without it
// the database does not start.
//
// # Files
//
//	/var/lib/memgraph/data         the data directory: a folder of the volume, not
//	                               its mount point, which cannot be renamed
//	/var/lib/memgraph/quarantine/TIME-REASON   data that were set aside; never deleted
//	/var/lib/memgraph/last-pod     the UID of the last pod that used the data
package prestart
