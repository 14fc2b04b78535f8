package bolt

import "errors"

// Codes and texts that Memgraph's Bolt server itself answers with, whatever
// the database behind it says (memgraph-observed 4).
const (
	codeClient          = "Memgraph.ClientError.MemgraphError.MemgraphError"
	codeTransient       = "Memgraph.TransientError.MemgraphError.MemgraphError"
	codeUnauthenticated = "Memgraph.ClientError.Security.Unauthenticated"
	codeViolation       = "Memgraph.ExecutionException"
)

func clientFailure(message string) *Failure { return &Failure{Code: codeClient, Message: message} }

func invalidArgument(name, message string) *Failure {
	return clientFailure("Invalid arguments sent: " + name + " - " + message)
}

// failureOf leaves a *Failure as it is and makes one of any other error.
func failureOf(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return clientFailure(err.Error())
}

// violation is Memgraph's answer to everything that is not Bolt, or not at its
// place: nothing about the cause, which is in the server's log alone, and the
// end of the connection. Instead of a version it is also the answer to a
// handshake; a client takes its first four bytes, 00 86 B1 7F, for a version.
func violation() *Failure {
	return &Failure{Code: codeViolation,
		Message: "Something went wrong while executing the query! Check the server logs for more details."}
}

func authenticationFailure() *Failure {
	return &Failure{Code: codeUnauthenticated, Message: "Authentication failure"}
}
