package replication

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"memgraph-controller/clusters/standin/wal"
)

// Kind says what a call is about. The names are Memgraph's.
type Kind byte

const (
	SwapMainUUID      Kind = 1 + iota // obey this main from now on
	SystemRecovery                    // align the storage uuid, drop the users
	Heartbeat                         // report epoch and last timestamp
	FrequentHeartbeat                 // only answer
	PrepareCommit                     // a transaction: apply it, or vote on it
	FinalizeCommit                    // the decision on a prepared transaction
	WalFiles                          // transactions that were missed
	Snapshot                          // a whole storage
)

var kindNames = [...]string{
	SwapMainUUID: "SwapMainUUID", SystemRecovery: "SystemRecovery", Heartbeat: "Heartbeat",
	FrequentHeartbeat: "FrequentHeartbeat", PrepareCommit: "PrepareCommit",
	FinalizeCommit: "FinalizeCommit", WalFiles: "WalFiles", Snapshot: "Snapshot",
}

func (k Kind) String() string {
	if k > 0 && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("call %d", byte(k))
}

// Time limits of Memgraph 3.6 (rpc/client.hpp).
const connectLimit = 5 * time.Second

func (k Kind) limit() time.Duration {
	switch k {
	case FrequentHeartbeat:
		return 5 * time.Second
	case SwapMainUUID, Heartbeat, FinalizeCommit:
		return 10 * time.Second
	case Snapshot:
		return 60 * time.Second
	}
	return 30 * time.Second
}

// Request is a call of a main. Which fields count depends on Kind.
type Request struct {
	Kind     Kind
	Main     string // uuid of the main: all but FrequentHeartbeat
	Storage  string // uuid of its storage: likewise, and not SwapMainUUID
	Epoch    string // PrepareCommit, WalFiles: epoch of the transactions
	TS       uint64 // PrepareCommit, FinalizeCommit: the transaction
	Previous uint64 // PrepareCommit: the main's last durable timestamp
	Flag     bool   // PrepareCommit: vote and wait; FinalizeCommit: commit
	Body     []byte // PrepareCommit: payload; WalFiles: transactions; Snapshot: wal.Snapshot
}

// Response is a replica's answer.
type Response struct {
	OK    bool
	Epoch string // Heartbeat: epoch of the last transaction
	TS    uint64 // Heartbeat, WalFiles, Snapshot: last durable timestamp
}

var errMessage = errors.New("replication: malformed message")

func (r Request) encode() []byte {
	b := []byte{byte(r.Kind), flag(r.Flag)}
	for _, text := range []string{r.Main, r.Storage, r.Epoch} {
		b = appendText(b, text)
	}
	b = binary.AppendUvarint(b, r.TS)
	b = binary.AppendUvarint(b, r.Previous)
	return append(b, r.Body...)
}

func decodeRequest(b []byte) (Request, error) {
	if len(b) < 2 {
		return Request{}, errMessage
	}
	p := parser{rest: b[2:]}
	r := Request{Kind: Kind(b[0]), Flag: b[1] != 0}
	r.Main, r.Storage, r.Epoch = p.text(), p.text(), p.text()
	r.TS, r.Previous = p.number(), p.number()
	r.Body = p.rest
	return r, p.err
}

func (r Response) encode() []byte {
	b := appendText([]byte{flag(r.OK)}, r.Epoch)
	return binary.AppendUvarint(b, r.TS)
}

func decodeResponse(b []byte) (Response, error) {
	if len(b) < 1 {
		return Response{}, errMessage
	}
	p := parser{rest: b[1:]}
	r := Response{OK: b[0] != 0, Epoch: p.text(), TS: p.number()}
	if len(p.rest) > 0 {
		return Response{}, errMessage
	}
	return r, p.err
}

// encodeTransactions is the body of WalFiles.
func encodeTransactions(txs []wal.Transaction) []byte {
	var b []byte
	for _, tx := range txs {
		b = binary.AppendUvarint(b, tx.TS)
		b = binary.AppendUvarint(b, uint64(len(tx.Payload)))
		b = append(b, tx.Payload...)
	}
	return b
}

// Transactions returns the transactions of a WalFiles request.
func (r Request) Transactions() ([]wal.Transaction, error) {
	var txs []wal.Transaction
	p := parser{rest: r.Body}
	for len(p.rest) > 0 && p.err == nil {
		txs = append(txs, wal.Transaction{TS: p.number(), Payload: p.bytes()})
	}
	return txs, p.err
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// parser takes a message apart. After the first error everything is empty.
type parser struct {
	rest []byte
	err  error
}

func (p *parser) number() uint64 {
	n, size := binary.Uvarint(p.rest)
	if size <= 0 {
		p.rest, p.err = nil, errMessage
		return 0
	}
	p.rest = p.rest[size:]
	return n
}

func (p *parser) bytes() []byte {
	n := p.number()
	if n > uint64(len(p.rest)) {
		p.rest, p.err = nil, errMessage
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) text() string { return string(p.bytes()) }
