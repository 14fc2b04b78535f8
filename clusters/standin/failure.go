package standin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/graph"
	"memgraph-controller/clusters/standin/replication"
)

// Codes of Memgraph's failures. Drivers retry transient ones.
const (
	codeClient          = "Memgraph.ClientError.MemgraphError.MemgraphError"
	codeTransient       = "Memgraph.TransientError.MemgraphError.MemgraphError"
	codeUnauthenticated = "Memgraph.ClientError.Security.Unauthenticated"
)

func refuse(format string, args ...any) *bolt.Failure {
	return &bolt.Failure{Code: codeClient, Message: fmt.Sprintf(format, args...)}
}

func tryAgain(format string, args ...any) *bolt.Failure {
	return &bolt.Failure{Code: codeTransient, Message: fmt.Sprintf(format, args...)}
}

var (
	errNotMain        = refuse("Cannot commit because instance is not main anymore.")
	errReplicaSchema  = refuse("Queries on replica shouldn't write.")
	errReplicaWrite   = refuse("Write queries are forbidden on the replica instance. Replica instances accept only read queries, while the main instance accepts read and write queries. Please retry your query on the main instance.")
	errReplicaUsers   = refuse("Query forbidden on the replica! Update on MAIN, as it is the only source of truth for authentication data. MAIN will then replicate the update to connected REPLICAs")
	errAuthentication = &bolt.Failure{Code: codeUnauthenticated, Message: "Authentication failure"}
	errTerminated     = tryAgain("Transaction was asked to abort by another user.")
	errSystemBusy     = refuse("Multiple concurrent system queries are not supported.")
	errStorageBusy    = tryAgain("Cannot get shared access to the storage. Try stopping other parallel queries.")
)

// strictSyncError is an aborted commit.
type strictSyncError struct{ failures []replication.Failure }

func (e *strictSyncError) Error() string { return "a STRICT_SYNC replica did not confirm" }

// notInTransaction refuses a statement inside BEGIN and COMMIT.
func notInTransaction(what string) error {
	return refuse("%s is not allowed in multicommand transactions. A multicommand transaction, also known as an explicit transaction, groups multiple commands into a single atomic operation. Instead, please use an implicit transaction, also knwon as an auto committing transaction, in order to execute this particular query. For more details, visit https://memgraph.com/docs", what)
}

// replicationFailure is what the client of a commit hears of replicas that did
// not confirm it. Up to 3.7 the code depends on how the transaction was begun
// (memgraph-observed 1.5): drivers may retry what is already committed.
func (v version) replicationFailure(failures []replication.Failure, explicit bool) error {
	message := v.replicationMessage(failures)
	if !explicit && !v.atLeast(3, 8) {
		return tryAgain("%s", message)
	}
	return refuse("%s", message)
}

func (v version) replicationMessage(failures []replication.Failure) string {
	strict := failures[0].Mode == replication.StrictSync
	var what string
	switch {
	case v.atLeast(3, 10):
		var parts []string
		for _, f := range failures {
			parts = append(parts, failedReplica(f))
		}
		what = strings.Join(parts, " ")
	case strict:
		what = "At least one STRICT_SYNC replica has not confirmed committing last transaction. Transaction will be aborted on all instances."
	default:
		what = "At least one SYNC replica has not confirmed committing last transaction."
	}
	if !v.atLeast(3, 9) {
		return what
	}
	return "Replication Exception: " + what + " Check the status of the replicas using 'SHOW REPLICAS' query."
}

// failedReplica is the sentence of 3.10 and later on one replica.
func failedReplica(f replication.Failure) string {
	outcome := "Transaction is still committed on the main instance and other alive replicas."
	if f.Mode == replication.StrictSync {
		outcome = "Transaction was aborted on all instances."
	}
	return fmt.Sprintf("Failed to replicate to %s replica '%s': %s. Replica will be recovered automatically. %s",
		strings.ToUpper(string(f.Mode)), f.Replica, f.Reason, outcome)
}

// asFailure gives an error of the graph or the query language its code.
func asFailure(err error) error {
	switch {
	case errors.Is(err, graph.ErrConflict):
		return tryAgain("%v", graph.ErrConflict)
	case errors.Is(err, graph.ErrCleared):
		return errStorageBusy
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errTerminated
	}
	return err
}
