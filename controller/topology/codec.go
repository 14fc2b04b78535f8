package topology

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxEncoded bounds an encoded record in bytes: what a ConfigMap can hold, and
// about a thousand times what a real record needs.
const MaxEncoded = 1 << 20

// Encode turns a record into its stored form: indented JSON in the order of the
// fields, so that equal records have equal bytes and a person can read and
// correct them. It refuses what Decode would refuse: a record that cannot be
// read again would stop every later decision.
func Encode(r Record) ([]byte, error) {
	if err := checkRecord(r); err != nil {
		return nil, fmt.Errorf("encode the topology record: %w", err)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the topology record: %w", err)
	}
	if len(data) >= MaxEncoded {
		return nil, fmt.Errorf("encode the topology record: %d bytes are more than the limit of %d", len(data), MaxEncoded)
	}
	return append(data, '\n'), nil
}

// Decode reads a stored record. It is strict, because the record alone says who
// may take writes: an unknown, repeated or misspelt field, anything after the
// record, or values that cannot be true together are errors which name the field
// or the place. A record of a newer Format is refused as such, whatever it holds.
func Decode(data []byte) (Record, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return Record{}, errors.New("it is empty")
	case len(data) > MaxEncoded:
		return Record{}, fmt.Errorf("it is larger than the limit of %d bytes", MaxEncoded)
	case !utf8.Valid(data):
		return Record{}, errors.New("it is not UTF-8 text")
	}
	if err := checkFormat(data); err != nil {
		return Record{}, err
	}
	var r Record
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return Record{}, locate(data, err)
	}
	if rest := bytes.TrimSpace(data[decoder.InputOffset():]); len(rest) > 0 {
		return Record{}, fmt.Errorf("%s: there is more after the end of the record", place(data, decoder.InputOffset()))
	}
	if err := checkFields(json.NewDecoder(bytes.NewReader(data)), data, ""); err != nil {
		return Record{}, err
	}
	if err := checkRecord(r); err != nil {
		return Record{}, err
	}
	return r, nil
}

// checkFormat looks at the format alone, before strictness turns the new fields
// of a newer program into mere unknown ones. What it cannot read, the strict
// pass reports.
func checkFormat(data []byte) error {
	var head struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(data, &head) == nil && head.Format > Format {
		return fmt.Errorf("field \"format\": %d was written by a newer program; this one understands up to %d", head.Format, Format)
	}
	return nil
}

// checkFields finds what encoding/json lets pass: a field that is given twice
// (the last one would win) or spelt in another case. It reads one value of a
// document that has already been decoded into a Record: so its depth is bounded,
// and there are no arrays.
func checkFields(decoder *json.Decoder, data []byte, path string) error {
	token, err := decoder.Token()
	if err != nil {
		return locate(data, err)
	}
	if token != json.Delim('{') {
		return nil
	}
	seen := map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return locate(data, err)
		}
		name := key.(string) // the key of an object is always a string
		field := strings.TrimPrefix(path+"."+name, ".")
		if seen[name] {
			return fmt.Errorf("%s: field %q is given twice", place(data, decoder.InputOffset()), field)
		}
		seen[name] = true
		if path != "members" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
			return fmt.Errorf("%s: unknown field %q", place(data, decoder.InputOffset()), field)
		}
		if err := checkFields(decoder, data, field); err != nil {
			return err
		}
	}
	_, err = decoder.Token() // the closing brace
	return err
}

// locate says where in data a JSON error is, as far as the error knows.
func locate(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: it ends in the middle, as if truncated", place(data, int64(len(data))))
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: %w", place(data, syntax.Offset), syntax)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: field %q: a JSON %s does not fit", place(data, kind.Offset), kind.Field, kind.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

func place(data []byte, offset int64) string {
	return fmt.Sprintf("line %d, byte %d", 1+bytes.Count(data[:offset], []byte("\n")), offset)
}

// checkRecord refuses values that no sequence of decisions can have led to.
func checkRecord(r Record) error {
	switch {
	case r.Format > Format:
		return fmt.Errorf("field \"format\": %d was written by a newer program; this one understands up to %d", r.Format, Format)
	case r.Format != Format:
		return fmt.Errorf("field \"format\": %d is none, it must be %d", r.Format, Format)
	case !slices.Contains([]Gate{GateOpen, GatePaused, GateClosed}, r.Gate):
		return fmt.Errorf("field \"gate\": %q is none of open, paused, closed", r.Gate)
	case !slices.Contains([]Plan{PlanNone, PlanBootstrap, PlanFailover, PlanSwitchover, PlanHandover, PlanRefresh, PlanVoter, PlanReturn}, r.Plan):
		return fmt.Errorf("field \"plan\": %q is no plan", r.Plan)
	case r.Main != "" && r.Heir != "":
		return fmt.Errorf("fields \"main\" and \"heir\": %q and %q are both set, but an heir is there only while there is no main", r.Main, r.Heir)
	case r.Main != "" && r.Main == r.Voter:
		return fmt.Errorf("fields \"main\" and \"voter\": both are %q, but the voter is a replica", r.Main)
	}
	if err := checkMembers(r); err != nil {
		return err
	}
	if err := checkWishes(r); err != nil {
		return err
	}
	return checkTimes(r)
}

func checkMembers(r Record) error {
	for _, name := range slices.Sorted(maps.Keys(r.Members)) {
		switch reign := r.Members[name].Reign; {
		case name == "":
			return errors.New("field \"members\": a name is empty")
		case reign > r.Reign:
			return fmt.Errorf("field \"members.%s.reign\": %d is later than the record's own reign %d", name, reign, r.Reign)
		}
	}
	return nil
}

func checkWishes(r Record) error {
	switch {
	case r.Pause != nil && r.Pause.Until.IsZero():
		return errors.New("field \"pause.until\": a pause needs an end")
	case r.Request != nil && r.Request.ID == "":
		return errors.New("field \"request.id\": it is empty")
	case r.Request != nil && r.Request.Kind != RequestSwitchover && r.Request.Kind != RequestFailover:
		return fmt.Errorf("field \"request.kind\": %q is neither switchover nor failover", r.Request.Kind)
	}
	return nil
}

// checkTimes refuses times before 1970: they come from a broken clock or a slip
// of the pen, and every time budget counted from them would be over.
func checkTimes(r Record) error {
	times := map[string]time.Time{"since": r.Since, "written": r.Written}
	if r.Pause != nil {
		times["pause.until"] = r.Pause.Until
	}
	if r.Request != nil {
		times["request.at"] = r.Request.At
	}
	for name, member := range r.Members {
		if member.Unreplicated != nil {
			times["members."+name+".unreplicated.since"] = member.Unreplicated.Since
		}
		if member.Quarantined != nil {
			times["members."+name+".quarantined.since"] = member.Quarantined.Since
		}
	}
	for _, field := range slices.Sorted(maps.Keys(times)) {
		if t := times[field]; !t.IsZero() && t.Unix() < 0 {
			return fmt.Errorf("field %q: %s is before 1970", field, t.Format(time.RFC3339))
		}
	}
	return nil
}
