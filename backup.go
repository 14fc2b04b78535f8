package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"memgraph-controller/cli"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/backup"
	"memgraph-controller/controller/kube"
	"memgraph-controller/controller/memgraph"
)

// backupCommands make backups and look at them.
type backupCommands struct {
	Run     backupRun     `cmd:"" help:"Make a backup of a cluster in Kubernetes and remove old ones (a job)."`
	Send    backupSend    `cmd:"" help:"Make a snapshot and write it to standard output; the job runs this in a database's container."`
	List    backupList    `cmd:"" help:"List the complete backups of a store."`
	Verify  backupVerify  `cmd:"" help:"Read a backup and compare it with its checksum."`
	Restore backupRestore `cmd:"" help:"Bring a backup to the first instance of a new cluster in Kubernetes (a job)."`
	Accept  backupAccept  `cmd:"" help:"Read a backup from standard input and hand it to the init container that waits for it; the job runs this there."`
}

// storeFlags name the store of backups.
type storeFlags struct {
	Store     string `help:"Where backups are: an absolute path, or s3://BUCKET/PREFIX." env:"BACKUP_STORE"`
	Endpoint  string `name:"s3-endpoint" help:"URL of an S3-compatible server; empty: AWS." env:"BACKUP_S3_ENDPOINT" placeholder:"URL"`
	Region    string `name:"s3-region" help:"Region of the bucket, if its server has any." env:"BACKUP_S3_REGION"`
	AccessKey string `name:"s3-access-key" help:"Access key; empty: the role that AWS gives to the pod." env:"AWS_ACCESS_KEY_ID"`
	SecretKey string `name:"s3-secret-key" help:"Secret key." env:"AWS_SECRET_ACCESS_KEY"`
}

func (f storeFlags) open() (backup.Store, error) {
	if f.Store == "" {
		return nil, errors.New("no store is named: say where backups are with --store or BACKUP_STORE")
	}
	return backup.Open(f.Store, backup.S3{Endpoint: f.Endpoint, Region: f.Region, AccessKey: f.AccessKey, SecretKey: f.SecretKey})
}

// reach is open, with a way into the pods of a namespace.
func (f storeFlags) reach(namespace string) (backup.Store, *kube.Exec, error) {
	store, err := f.open()
	if err != nil {
		return nil, nil, err
	}
	exec, err := kube.NewExec(cli.Version(), namespace)
	return store, exec, err
}

type backupRun struct {
	storeFlags
	Namespace string `help:"Where the databases are." env:"POD_NAMESPACE" required:""`
	Server    string `help:"Address of a controller's HTTP server." env:"MEMGRAPH_CONTROLLER_SERVER" required:"" placeholder:"URL"`
	Program   string `help:"This program in the database's container." default:"/opt/memgraph-controller/memgraph-controller"`
	Keep      int    `help:"How many complete backups stay." default:"7"`
	TLS       bool   `name:"database-tls" help:"The databases speak TLS."`
}

// Validate refuses to remove every backup.
func (r *backupRun) Validate() error {
	if r.Keep < 1 {
		return fmt.Errorf("--keep=%d would remove the backup that was just made: at least 1", r.Keep)
	}
	return nil
}

// Run makes a backup.
func (r *backupRun) Run(ctx context.Context, terminal *cli.Terminal) error {
	store, exec, err := r.reach(r.Namespace)
	if err != nil {
		return err
	}
	send := []string{r.Program, "backup", "send"}
	if r.TLS {
		send = append(send, "--database-tls")
	}
	return backup.Job{
		Status: api.Client{Base: r.Server}.Status,
		Ask: func(ctx context.Context, instance string, stream io.Writer) error {
			return exec.Run(ctx, instance, kube.DatabaseContainer, send, nil, stream)
		},
		Store: store, Namespace: r.Namespace, Keep: r.Keep, Now: time.Now, Log: slog.New(slog.NewTextHandler(terminal.Err, nil)),
	}.Run(ctx)
}

type backupSend struct {
	Bolt     string        `help:"Where the database serves Bolt." default:"127.0.0.1:7687"`
	Data     string        `help:"The data directory of the database." default:"/var/lib/memgraph/data"`
	User     string        `help:"User of the database." env:"MEMGRAPH_USER"`
	Password string        `help:"Password of the database." env:"MEMGRAPH_PASSWORD"`
	TLS      bool          `name:"database-tls" help:"The database speaks TLS; its certificate is not looked at, since it is the one in the same pod."`
	Within   time.Duration `help:"How long the snapshot may take." default:"2h"`
}

// Run sends a snapshot of the database beside it.
func (s *backupSend) Run(ctx context.Context, terminal *cli.Terminal) error {
	if terminal.Live {
		return errors.New("a snapshot is not for a terminal: redirect it")
	}
	name, err := os.Hostname() // that of the pod
	if err != nil {
		return err
	}
	config := memgraph.Config{
		Name: name, Address: s.Bolt, ReplicationAddress: s.Bolt, User: s.User, Password: s.Password, Timeout: s.Within,
	}
	if s.TLS {
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	database, err := memgraph.Open(config)
	if err != nil {
		return err
	}
	defer database.Close()
	return backup.Send(ctx, database, name, s.Data, terminal.Out)
}

type backupList struct{ storeFlags }

// Run lists the backups, the oldest first.
func (l *backupList) Run(ctx context.Context, terminal *cli.Terminal) error {
	store, err := l.open()
	if err != nil {
		return err
	}
	all, unreadable, err := backup.List(ctx, store)
	if err != nil {
		return err
	}
	warn(terminal, unreadable)
	for _, m := range all {
		_, err := fmt.Fprintf(terminal.Out, "%s  %s  %s, %d behind  %d bytes  %d nodes  %d edges  Memgraph %s  database %s\n",
			m.Name, m.Cluster, m.Role, m.Behind, m.Bytes, m.Nodes, m.Edges, m.Version, m.Database)
		if err != nil {
			return err
		}
	}
	return nil
}

// warn names the backups that cannot be read.
func warn(terminal *cli.Terminal, unreadable []error) {
	for _, why := range unreadable {
		_, _ = fmt.Fprintln(terminal.Err, "warning: not usable:", why)
	}
}

type backupVerify struct {
	storeFlags
	Name    string `arg:"" default:"latest" help:"Its name, or latest."`
	Cluster string `help:"Whose latest is meant; empty: that of the only cluster in the store." placeholder:"NAMESPACE/NAME"`
}

// Run reads one backup.
func (v *backupVerify) Run(ctx context.Context, terminal *cli.Terminal) error {
	store, err := v.open()
	if err != nil {
		return err
	}
	m, skipped, err := backup.Find(ctx, store, v.Name, v.Cluster)
	warn(terminal, skipped)
	if err != nil {
		return err
	}
	if err := backup.Verify(ctx, store, m); err != nil {
		return err
	}
	_, err = fmt.Fprintf(terminal.Out, "%s is whole: %d bytes\n", m.Name, m.Bytes)
	return err
}

type backupRestore struct {
	storeFlags
	Namespace   string `help:"Where the databases are." env:"POD_NAMESPACE" required:""`
	StatefulSet string `name:"statefulset" help:"The StatefulSet of the databases." required:""`
	Server      string `help:"Address of a controller's HTTP server." env:"MEMGRAPH_CONTROLLER_SERVER" required:"" placeholder:"URL"`
	Program     string `help:"This program in the init container of the database." default:"/opt/memgraph-controller/memgraph-controller"`
	Cluster     string `help:"Whose latest is meant; empty: this cluster's." placeholder:"NAMESPACE/NAME"`
	Name        string `arg:"" help:"Its name, or latest."`
}

// Run brings the backup to the first instance. The others get theirs by replication.
func (r *backupRestore) Run(ctx context.Context, terminal *cli.Terminal) error {
	store, exec, err := r.reach(r.Namespace)
	if err != nil {
		return err
	}
	first, accept := r.StatefulSet+"-0", []string{r.Program, "backup", "accept"}
	return backup.Delivery{
		Status: api.Client{Base: r.Server}.Status,
		Awaits: func(ctx context.Context) error {
			return exec.Run(ctx, first, kube.InitContainer, append(accept, "--ask"), nil, io.Discard)
		},
		Hand: func(ctx context.Context, stream io.Reader) error {
			return exec.Run(ctx, first, kube.InitContainer, accept, stream, io.Discard)
		},
		Store: store, Name: r.Name, Cluster: cmp.Or(r.Cluster, r.Namespace+"/"+r.StatefulSet),
		Log: slog.New(slog.NewTextHandler(terminal.Err, nil)),
	}.Run(ctx)
}

type backupAccept struct {
	Ask    bool   `help:"Read nothing and only tell whether anybody waits."`
	Socket string `help:"Where it is waited." default:"/opt/memgraph-controller/restore.sock"`
}

// Run hands the backup on.
func (a *backupAccept) Run(ctx context.Context, terminal *cli.Terminal) error {
	if a.Ask {
		return backup.Forward(ctx, a.Socket, nil)
	}
	return backup.Forward(ctx, a.Socket, terminal.In)
}
