// Package mesh makes faults through Chaos Mesh, where its images can be had: a
// second way to the faults that the suite otherwise makes itself, by a tool that
// knows nothing of this project.
//
//	err := mesh.Install(ctx, helm, os.Getenv, http.DefaultClient)
//	if errors.Is(err, mesh.ErrUnavailable) { ... } // go on with native faults
//	m := mesh.Mesh{Objects: dynamicClient, Core: client, Namespace: "memgraph"}
//	fault := m.Partition("cut main from voter", mesh.Found(main), mesh.Both, mesh.Peer{Pods: mesh.Found(voter)})
//
// A fault goes through Prepare, Inject, Injected, Heal and Healed, as those of
// package fault do. It is one object
// of Chaos Mesh: injecting creates it, healing deletes it, and Chaos Mesh's
// finalizer keeps it until the fault is taken back.
//
// # Its word is not enough
//
// Chaos Mesh skips a pod that it does not find and then says AllInjected of the
// others, so every pod that a fault names has to be in its records too; and a kill
// counts only when another container or pod was seen.
//
// Of the rest it takes Chaos Mesh's word, which has set its rules by then; a suite
// that wants to see dropped packets asks the kernel.
//
// It has no fault for a process or a node that is frozen, for a node that goes
// away, or for a moment inside a failover. Those are native only.
//
// # Why its Go types are not used
//
// The specs here are small structs of our own with the fields that are set. The
// types of Chaos Mesh are a Go module (github.com/chaos-mesh/chaos-mesh/api), but
// its tags are not versions of that module: what can be had is a commit of its main
// branch, not the release that is installed. Its types import the webhooks that
// serve them, and so controller-runtime, informers and listers: 200 packages more in
// the build; and it would raise the whole project's client-go by a minor version,
// for about twenty fields. Instead a test holds every object against the schemas of
// the release's CRDs (testdata/crds), where a field that they do not know is an
// error; and objects are created with strict validation, so that a server of another
// version refuses such a field instead of dropping it.
package mesh
