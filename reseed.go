package main

import (
	"context"
	"log/slog"

	"memgraph-controller/cli"
	"memgraph-controller/controller/kube"
	"memgraph-controller/controller/kube/prestart"
)

// reseedInit is what happens to the data of a database pod before it starts.
type reseedInit struct {
	Namespace   string `help:"Where the pod is." env:"POD_NAMESPACE" required:""`
	Name        string `help:"The name of this pod." env:"POD_NAME" required:""`
	PodUID      string `name:"pod-uid" help:"The UID of this pod." env:"POD_UID" required:""`
	StatefulSet string `name:"statefulset" help:"The StatefulSet of the databases." required:""`
	Data        string `help:"The data directory: a folder of the volume, not its mount point." default:"/var/lib/memgraph/data"`
}

// Run carries out the order that was left for this instance, if there is one. The
// database starts when it has returned.
func (r *reseedInit) Run(ctx context.Context, terminal *cli.Terminal) error {
	client, err := kube.Connect(version())
	if err != nil {
		return err
	}
	return prestart.Run(ctx, prestart.Config{
		Instance: r.Name, Pod: r.PodUID, Data: r.Data,
		Source: kube.NewOrderBook(client, kube.Config{Namespace: r.Namespace, StatefulSet: r.StatefulSet}),
		Log:    slog.New(slog.NewTextHandler(terminal.Err, nil)),
	})
}
