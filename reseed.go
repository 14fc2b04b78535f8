package main

import (
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
	AwaitBackup bool   `help:"The first instance of a cluster that never had a main waits, on a volume that nobody used, until 'backup restore' has brought a backup."`
	Socket      string `help:"Where it waits." default:"/opt/memgraph-controller/restore.sock"`
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
	return prestart.Run(ctx, prestart.Config{
		Instance: r.Name, Pod: r.PodUID, Data: r.Data, Restore: r.restore(log),
		Source: kube.NewOrderBook(client, kube.Config{Namespace: r.Namespace, StatefulSet: r.StatefulSet}),
		Log:    log,
	})
}

// restore waits for the backup; nil where none will come. The first instance alone gets it,
// and the others get theirs by replication.
func (r *reseedInit) restore(log *slog.Logger) func(context.Context) error {
	if !r.AwaitBackup || r.Name != r.StatefulSet+"-0" {
		return nil
	}
	return func(ctx context.Context) error {
		log.Info("waiting until the job that restores has brought the backup; its log says what it does")
		m, err := backup.Await(ctx, r.Socket, r.Data, log)
		if err == nil {
			log.Warn("backup restored", "name", m.Name, "at", m.At, "of", m.Cluster, "role", m.Role, "behind", m.Behind,
				"version", m.Version, "nodes", m.Nodes, "edges", m.Edges)
		}
		return err
	}
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
