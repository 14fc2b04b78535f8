// Package kube is where a cluster lives in Kubernetes: instances are the pods of
// a StatefulSet (Fleet), the topology record is in a ConfigMap (Store), the
// leader is elected with a Lease (Lease). It decides nothing: the control loop
// uses it through the interfaces of package controller.
//
//	client, err := kube.Connect(version)
//	fleet, err := kube.NewFleet(client, config, log)
//	store := kube.NewStore(client, config, log)
//	lease := kube.NewLease(client, config, podName, log)
//	...                       // run fleet and store
//	<-fleet.Listed()          // nothing may be decided before
//	...                       // run lease and controller; end the lease when it has resigned
//
// Beside them: Events tells people of transitions, Recent keeps those of everybody,
// Readiness keeps the readiness gate of the database pods, Rollout replaces those of an
// old template, Peers lists the controller pods, Reviews asks whose a token is, and
// package prestart carries out in a new database pod what Restart and Reseed ordered.
// Exec is for a backup's job alone.
//
// # What proves that a process is dead
//
// Only the kubelet can know, and only what it reports of a container counts:
//
//   - The container is terminated, or waits after an end that is reported with it
//     (CrashLoopBackOff). The last state of a deleted pod object counts too, and
//     so does the proof when the object is gone.
//   - Another container of the same pod runs. A kubelet starts it only when the
//     one before has ended.
//
// None of these is proof, and none makes Process.Dead:
//
//   - The pod object is gone. With a grace period of 0, which is how people and
//     the garbage collector of pods delete by force, it goes at once, while the
//     process may run for as long as its node likes.
//   - A new pod of the same name exists, or runs. On another node it proves
//     nothing at all. On the same node it does not either: a kubelet keeps pods
//     apart by UID and starts the new one beside the old, whose process may still
//     hold the data directory (memgraph-observed 3). Only Memgraph's own lock of
//     that directory keeps them apart there, and package prestart waits for it.
//   - The phase is Failed or Succeeded. A kubelet writes that only when all
//     containers have ended, but the garbage collector writes Failed on the pods
//     of a node that was removed or declared out of service, without asking it.
//   - The node is NotReady or unreachable, or the pod is not ready. Kubernetes
//     needs 40 s to notice, the observers 2 s, and neither knows whether the
//     process runs. So nodes are not watched: the loop would do nothing else for
//     it than for silence.
//
// A process whose pod object is gone without proof is listed as Terminating,
// with its last address for 10 s, until another process of the same name runs.
// From then on the name means the new process. If a person deleted the pod by
// force on a node that is cut off, the old one may run on beside it; it is the
// closed gateways that keep a failover safe then, as with every silent main.
//
// # Identity and delay
//
// Process.ID is the beginning of the container's id with the pod's UID. What the
// kubelet sees takes it up to 1 s (it looks at the containers once a second) and
// the API server's watch some 10 ms to get here. For that time a process that was
// restarted in place goes by the ID of the one before, and may be taken for it.
// Process.Started comes from the clock of the node, cut to the second, and is
// never later than when the process was first seen here.
//
// # What is stored
//
//	ConfigMap NAME-topology    record.json, the topology record; record.previous.json,
//	                           the one before it, for people
//	ConfigMap NAME-orders      the last order to each instance
//	Lease NAME-controller      who leads
//
// NAME is that of the StatefulSet. They belong to nobody, so that they outlive a
// chart that is removed: its volumes hold the data that the record speaks of.
//
// # What the chart has to provide
//
//   - podManagementPolicy: Parallel. The first record is made when every instance
//     answers; one that waits for another to be ready would wait for ever.
//   - For each pod a Service of the same name, with the labels of the pods and with
//     publishNotReadyAddresses: replicas are registered at its address, and are not
//     ready before they are. Where there is none the pod's DNS name takes its place;
//     then a failover needs DNS.
//   - A headless Service with publishNotReadyAddresses, named in serviceName, for
//     these names.
//   - The containers' names and ports, and the readiness gate, as the constants
//     of this package have them; the Roles as ControllerRules, DatabaseRules,
//     BackupRules and OperatorRules have them.
//   - An init container for package prestart with the database's volume and user.
//
// # Load on the API server
//
// Of each controller, when nothing changes:
//
//	2.00/s  reads of the record (the control loop reads it every 500 ms)
//	1.00/s  renewals of the lease (every second; the leader only)
//	0.04/s  seven watches, each begun anew every 5 minutes with a list
//	3.04/s  in all
//
// Events, readiness and orders cost something only when they change, reviews only when
// somebody comes with a token of Kubernetes.
package kube
