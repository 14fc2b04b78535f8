package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"memgraph-controller/cli"
	"memgraph-controller/controller/backup"
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
	Program     string `help:"Folder in which to leave this program for the database's container, whose image has no tools: kubectl exec runs it there. Empty: nowhere."`
	Restore     string `help:"Backup to restore on an unused volume of the first instance, in a cluster that never had a main: its name, or latest." placeholder:"NAME"`
	Cluster     string `name:"restore-cluster" help:"Whose latest backup is meant; empty: this cluster's." placeholder:"NAMESPACE/NAME"`
	storeFlags
}

// Run carries out the order that was left for this instance, if there is one. The
// database starts when it has returned.
func (r *reseedInit) Run(ctx context.Context, terminal *cli.Terminal) error {
	log := slog.New(slog.NewTextHandler(terminal.Err, nil))
	if r.Program != "" {
		if err := leaveProgram(r.Program); err != nil {
			log.Warn("this program is not left for the database's container", "error", err) // which starts all the same
		}
	}
	client, err := kube.Connect(cli.Version())
	if err != nil {
		return err
	}
	restore, err := r.restore(log)
	if err != nil {
		return err
	}
	return prestart.Run(ctx, prestart.Config{
		Instance: r.Name, Pod: r.PodUID, Data: r.Data, Restore: restore,
		Source: kube.NewOrderBook(client, kube.Config{Namespace: r.Namespace, StatefulSet: r.StatefulSet}),
		Log:    log,
	})
}

// restore is what restores the backup that is asked for; nil where none is. The first
// instance alone gets it, and the others get theirs by replication.
func (r *reseedInit) restore(log *slog.Logger) (func(context.Context) error, error) {
	if r.Restore == "" || r.Name != r.StatefulSet+"-0" {
		return nil, nil
	}
	store, err := r.open()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		m, skipped, err := backup.Find(ctx, store, r.Restore, cmp.Or(r.Cluster, r.Namespace+"/"+r.StatefulSet))
		for _, why := range skipped {
			log.Warn("skipped, though it may be newer: a backup that cannot be read", "error", why)
		}
		if err != nil {
			return err
		}
		if err = backup.Restore(ctx, store, m, r.Data); err == nil {
			log.Warn("backup restored", "name", m.Name, "at", m.At, "from", m.Cluster, "version", m.Version, "nodes", m.Nodes, "edges", m.Edges)
		}
		return err
	}, nil
}

// leaveProgram copies this program into a folder that the database's container has too.
func leaveProgram(folder string) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(self)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(folder, "memgraph-controller"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
