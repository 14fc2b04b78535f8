package kube

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/chaos/figures"
	"memgraph-controller/chaos/mesh"
	cluster "memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/kube/fleet"
)

// The volume of a database, as its container sees it.
const dataPath = "/var/lib/memgraph"

// syncDelay is what each fsync takes longer where Chaos Mesh makes a disk slow.
const syncDelay = 100 * time.Millisecond

// InstallMesh installs Chaos Mesh beside a release; see mesh.ErrUnavailable.
func InstallMesh(ctx context.Context, r *cluster.Release) (mesh.Mesh, error) {
	if err := mesh.Install(ctx, r.Helm, os.Getenv, http.DefaultClient); err != nil {
		return mesh.Mesh{}, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", r.Kind.Kubeconfig)
	if err != nil {
		return mesh.Mesh{}, err
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return mesh.Mesh{}, fmt.Errorf("client for Chaos Mesh's objects: %w", err)
	}
	return mesh.Mesh{Objects: objects, Core: r.Client, Namespace: r.Namespace}, nil
}

// Meshed is what Chaos Mesh can do of the faults, under the names that the native ones
// have, with the same outcomes. It needs seconds to begin and to end, so nothing is
// held for less than one. apiServer is its Peer of that name.
func Meshed(t fault.Target, m mesh.Mesh, apiServer mesh.Peer) Family {
	pods := func(v fault.Victim) mesh.Pods {
		return mesh.Found(func(ctx context.Context) ([]string, error) { return t.Names(ctx, v) })
	}
	cut := func(v fault.Victim, w fault.Way, peer fault.Victim, other mesh.Peer) fault.Fault {
		direction := map[fault.Way]mesh.Direction{fault.Both: mesh.Both, fault.Out: mesh.Outbound, fault.In: mesh.Inbound}[w]
		return m.Partition(fault.Cut(t, v, w, peer).Name(), pods(v), direction, other)
	}
	main, everybody := pods(fault.Main), mesh.Peer{}
	disk := mesh.Volume{Pods: main, Container: fleet.Database, Path: dataPath}
	return Family{"mesh", []Case{
		{Fault: m.ContainerKill(fault.Kill(t, fault.Main).Name(), main, fleet.Database), Outcome: Failover, Gap: promised},
		{Fault: m.ContainerKill(fault.Kill(t, fault.Voter).Name(), pods(fault.Voter), fleet.Database), Outcome: Stay, Gap: promised},
		{Fault: m.ContainerKill(fault.Kill(t, fault.Leader).Name(), pods(fault.Leader), fleet.Controller), Outcome: Stay, Gap: promised},
		{Fault: m.PodKill(fault.Delete(t, fault.Main).Name(), main), Outcome: Failover, Gap: promised},
		{Fault: m.PodKill(fault.Delete(t, fault.Voter).Name(), pods(fault.Voter)), Outcome: Stay, Gap: promised},
		{Fault: m.PodFailure("failing main", main), Hold: hold, Outcome: Failover, Gap: promised, Slow: true},
		{Fault: cut(fault.Main, fault.Both, fault.Voter, mesh.Peer{Pods: pods(fault.Voter)}), Hold: hold, Outcome: Either, Gap: silent},
		{Fault: cut(fault.Main, fault.Both, fault.Everybody, everybody), Hold: hold, Outcome: Failover, Gap: promised},
		{Fault: cut(fault.Main, fault.Out, fault.Everybody, everybody), Hold: hold, Outcome: Failover, Gap: promised},
		{Fault: cut(fault.Main, fault.In, fault.Everybody, everybody), Hold: hold, Outcome: Failover, Gap: promised, Slow: true},
		{Fault: cut(fault.Voter, fault.Both, fault.Everybody, everybody), Hold: hold, Outcome: Either, Gap: silent},
		{Fault: cut(fault.Leader, fault.Both, fault.APIServer, apiServer), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: m.Loss(fault.Lose(t, 20, fault.Main, fault.Everybody).Name(), main, everybody, 20), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: m.Delay(fault.Delay(t, fault.Main, latency).Name(), main, everybody, latency, 0), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: m.SlowSync(fmt.Sprintf("each fsync of main takes %s longer", syncDelay), disk, syncDelay), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: m.FullDisk("full disk of main", disk), Hold: hold, Outcome: Failover, Gap: promised, Slow: true},
		{Fault: m.ClockJump("the leader's clock jumps by an hour", pods(fault.Leader), fleet.Controller, time.Hour), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
	}}
}

// wayOf is how a fault is made.
func wayOf(f fault.Fault) figures.Way {
	if _, meshed := f.(*mesh.Fault); meshed {
		return figures.Mesh
	}
	return figures.Native
}
