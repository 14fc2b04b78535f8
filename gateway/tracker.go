package gateway

// Tracker follows the protocol of one session, so that a pause can stop it at a
// good place and knows when its server owes nothing. The gateway never calls
// two methods of one tracker at the same time.
type Tracker interface {
	// Client is shown the next bytes from the client and returns how many of
	// them may be forwarded under stop; the tracker has then consumed exactly
	// these, and is shown the rest again.
	Client(p []byte, stop Stop) int
	// Server is shown the next bytes from the server, after they were written
	// to the client.
	Server(p []byte)
	// State tells where the session stands after the bytes consumed so far.
	State() State
}

// Stop is a place in the stream from client to server where a session may be
// stopped. Greater values stop more.
type Stop int

const (
	// Nowhere: everything is forwarded.
	Nowhere Stop = iota
	// BeforeTransaction: a message that would begin a transaction is not
	// forwarded, everything else is.
	BeforeTransaction
	// BeforeMessage: a message that is partly forwarded is completed, no other
	// is begun.
	BeforeMessage
	// AtOnce: nothing is forwarded. Trackers are never asked for it.
	AtOnce
)

// State of one session in its protocol. The zero State is that of a session
// that rests between two transactions.
type State struct {
	// Lost: the tracker does not understand this session (TLS, another
	// protocol). It stays so, the rest means nothing, and the gateway goes by
	// timing.
	Lost bool
	// Opening: nothing was said yet but what opens a connection, so it may be
	// said again to another server. False where it is lost.
	Opening bool
	// Partial: a message was forwarded in part.
	Partial bool
	// Owing: the server has not answered everything yet.
	Owing bool
	// Open: a transaction or an unread result is open.
	Open bool
}
