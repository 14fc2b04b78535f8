package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Identity says whose transactions a segment holds.
type Identity struct {
	Storage string // uuid of the storage
	Epoch   string
}

// Transaction is a committed transaction.
type Transaction struct {
	TS      uint64
	Payload []byte
}

// Segment is one file of the log.
type Segment struct {
	Identity
	Seq          uint64 // segments are numbered from 0, without gaps
	Transactions []Transaction
	valid        int   // length of the part that is whole
	damage       error // why the rest is not; nil where all is whole
}

// From is the timestamp of the first transaction, 0 where there is none.
func (s Segment) From() uint64 {
	if len(s.Transactions) == 0 {
		return 0
	}
	return s.Transactions[0].TS
}

// To is the timestamp of the last transaction, 0 where there is none.
func (s Segment) To() uint64 {
	if len(s.Transactions) == 0 {
		return 0
	}
	return s.Transactions[len(s.Transactions)-1].TS
}

// After returns the transactions above ts.
func (s Segment) After(ts uint64) []Transaction {
	for i, tx := range s.Transactions {
		if tx.TS > ts {
			return s.Transactions[i:]
		}
	}
	return nil
}

var segmentMagic = []byte("standin wal 1\n")

// kind is the first byte of a transaction's record.
type kind byte

const (
	committed kind = 1 + iota
	prepared
	decided // commits the transaction prepared before it
)

func appendHeader(dst []byte, id Identity, seq uint64) []byte {
	body := binary.AppendUvarint(nil, seq)
	body = appendText(body, id.Storage)
	body = appendText(body, id.Epoch)
	return appendRecord(append(dst, segmentMagic...), body)
}

func transactionRecord(k kind, tx Transaction) []byte {
	body := make([]byte, 0, 1+binary.MaxVarintLen64+len(tx.Payload))
	body = binary.AppendUvarint(append(body, byte(k)), tx.TS)
	return appendRecord(make([]byte, 0, recordHead+cap(body)), append(body, tx.Payload...))
}

var errHeader = errors.New("has no valid header")

// parseSegment reads a segment up to the first damage. The error is about the
// header, without which nothing is of use.
func parseSegment(data []byte) (Segment, error) {
	rest, ok := bytes.CutPrefix(data, segmentMagic)
	if !ok {
		return Segment{}, errHeader
	}
	body, rest, err := cutRecord(rest)
	if err != nil {
		return Segment{}, errHeader
	}
	r := reader{data: body}
	s := Segment{Seq: r.number(), Identity: Identity{Storage: r.text(), Epoch: r.text()}}
	if _, err := r.rest(); err != nil {
		return Segment{}, errHeader
	}
	s.valid = len(data) - len(rest)
	s.damage = s.load(rest)
	return s, nil
}

// load reads transactions until the end or the first damage.
func (s *Segment) load(data []byte) error {
	var pending *Transaction
	for len(data) > 0 {
		body, rest, err := cutRecord(data)
		if err != nil {
			return err
		}
		if len(body) == 0 {
			return errBody
		}
		r := reader{data: body[1:]}
		tx := Transaction{TS: r.number()}
		if tx.Payload, err = r.rest(); err != nil {
			return err
		}
		if err := s.take(kind(body[0]), tx, &pending); err != nil {
			return err
		}
		s.valid += len(data) - len(rest)
		data = rest
	}
	return nil
}

func (s *Segment) take(k kind, tx Transaction, pending **Transaction) error {
	switch k {
	case prepared:
		*pending = &tx
		return nil
	case decided:
		if *pending == nil || (*pending).TS != tx.TS {
			return fmt.Errorf("%w: a decision about timestamp %d, which was not prepared", errBody, tx.TS)
		}
		tx = **pending
	case committed:
	default:
		return fmt.Errorf("%w: kind %d", errBody, k)
	}
	*pending = nil
	if last := s.To(); tx.TS <= last {
		return fmt.Errorf("%w: timestamp %d after %d", errBody, tx.TS, last)
	}
	s.Transactions = append(s.Transactions, tx)
	return nil
}
