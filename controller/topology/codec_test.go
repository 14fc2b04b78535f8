package topology_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// wholeRecord has a value in every field but Main, which excludes Heir.
func wholeRecord() topology.Record {
	at := time.Date(2026, 11, 22, 22, 28, 25, 123456789, time.UTC)
	return topology.Record{
		Format: topology.Format, Epoch: 7, Voter: "memgraph-1", Heir: "memgraph-1", From: "memgraph-0",
		Gate: topology.GateClosed, Plan: topology.PlanFailover, Since: at, Reign: 3, Database: "5f0b",
		Members: map[string]topology.Member{
			"memgraph-0": {Process: "41-x", Reign: 3, Voted: "41-x", Sound: true, Quarantined: &topology.Quarantine{Reason: "diverged", Since: at, Process: "41-x"},
				Unreplicated: &topology.Unreplicated{Reason: "storage_wal_enabled=false", Since: at, Process: "41-x"}},
			"memgraph-1": {Process: "42-x", Reign: 2},
		},
		Pause:   &topology.Pause{Until: at, By: "ann"},
		Request: &topology.Request{ID: "r1", Kind: topology.RequestSwitchover, Target: "memgraph-1", Force: true, By: "ann", At: at},
		Writer:  "controller-0", Written: at, Reason: "the main is lost",
	}
}

func TestRecordComesBackAsItWasEncoded(t *testing.T) {
	for name, record := range map[string]topology.Record{
		"whole":    wholeRecord(),
		"smallest": {Format: topology.Format, Gate: topology.GateClosed},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := topology.Encode(record)
			require.NoError(t, err)
			decoded, err := topology.Decode(data)
			require.NoError(t, err)
			require.Equal(t, record, decoded)
			again, err := topology.Encode(decoded)
			require.NoError(t, err)
			require.Equal(t, string(data), string(again))
		})
	}
}

// TestEveryFieldIsTried keeps wholeRecord whole when the record gets new fields.
func TestEveryFieldIsTried(t *testing.T) {
	record := wholeRecord()
	for _, value := range []any{record, *record.Pause, *record.Request, record.Members["memgraph-0"], *record.Members["memgraph-0"].Quarantined, *record.Members["memgraph-0"].Unreplicated} {
		fields := reflect.ValueOf(value)
		for n := range fields.NumField() {
			name := fields.Type().Field(n).Name
			require.Equal(t, name == "Main", fields.Field(n).IsZero(), "%T.%s", value, name)
		}
	}
}

func TestImpossibleRecordIsNeitherWrittenNorRead(t *testing.T) {
	early := time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		spoil func(*topology.Record)
		names string
	}{
		"no format":           {func(r *topology.Record) { r.Format = 0 }, `"format"`},
		"format of tomorrow":  {func(r *topology.Record) { r.Format = topology.Format + 1 }, "newer program"},
		"negative format":     {func(r *topology.Record) { r.Format = -1 }, `"format"`},
		"no gate":             {func(r *topology.Record) { r.Gate = "" }, `"gate"`},
		"unknown gate":        {func(r *topology.Record) { r.Gate = "ajar" }, `"gate": "ajar"`},
		"unknown plan":        {func(r *topology.Record) { r.Plan = "hope" }, `"plan": "hope"`},
		"main and heir":       {func(r *topology.Record) { r.Main = "memgraph-2" }, `"main" and "heir"`},
		"main is the voter":   {func(r *topology.Record) { r.Main, r.Heir = r.Voter, "" }, `"main" and "voter"`},
		"member without name": {func(r *topology.Record) { r.Members[""] = topology.Member{} }, `"members"`},
		"member from a later reign": {
			func(r *topology.Record) { r.Members["memgraph-1"] = topology.Member{Reign: 9} }, `"members.memgraph-1.reign"`},
		"pause without end":     {func(r *topology.Record) { r.Pause.Until = time.Time{} }, `"pause.until"`},
		"request without id":    {func(r *topology.Record) { r.Request.ID = "" }, `"request.id"`},
		"unknown request":       {func(r *topology.Record) { r.Request.Kind = "dance" }, `"request.kind": "dance"`},
		"since before 1970":     {func(r *topology.Record) { r.Since = early }, `"since"`},
		"written before 1970":   {func(r *topology.Record) { r.Written = early }, `"written"`},
		"paused until 1969":     {func(r *topology.Record) { r.Pause.Until = early }, `"pause.until"`},
		"asked before 1970":     {func(r *topology.Record) { r.Request.At = early }, `"request.at"`},
		"quarantined in 1969":   {func(r *topology.Record) { r.Members["memgraph-0"].Quarantined.Since = early }, `"members.memgraph-0.quarantined.since"`},
		"a year of five digits": {func(r *topology.Record) { r.Written = r.Written.AddDate(10000, 0, 0) }, "year"},
		"larger than a record":  {func(r *topology.Record) { r.Reason = strings.Repeat("x", topology.MaxEncoded) }, "limit"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			record := wholeRecord()
			c.spoil(&record)
			_, err := topology.Encode(record)
			require.ErrorContains(t, err, c.names)
		})
	}
}

func TestDamagedTextIsRefusedWithItsPlace(t *testing.T) {
	good, err := topology.Encode(wholeRecord())
	require.NoError(t, err)
	replace := func(old, new string) string {
		require.Contains(t, string(good), old)
		return strings.Replace(string(good), old, new, 1)
	}
	cases := map[string]struct{ text, says string }{
		"empty":               {"", "empty"},
		"blank":               {" \n", "empty"},
		"null":                {"null", `"format"`},
		"zeroes":              {strings.Repeat("\x00", 64), "line 1, byte 1: invalid character"},
		"truncated":           {string(good[:100]), "byte 100: it ends in the middle"},
		"cut after a key":     {`{"format"`, "it ends in the middle"},
		"not UTF-8":           {replace("diverged", "\xff"), "UTF-8"},
		"comma missing":       {replace(`"epoch": 7,`, `"epoch": 7`), "line 4, byte"},
		"unknown field":       {replace(`"epoch"`, `"eopch"`), `unknown field "eopch"`},
		"field in capitals":   {replace(`"epoch"`, `"Epoch"`), `line 3, byte 26: unknown field "Epoch"`},
		"unicode lookalike":   {replace(`"voter"`, `"voter": "a", "\u0430"`), "unknown field"},
		"field given twice":   {replace(`"epoch": 7,`, `"epoch": 7, "epoch": 8,`), `field "epoch" is given twice`},
		"member given twice":  {replace(`"members": {`, `"members": {"memgraph-1": {},`), `field "members.memgraph-1" is given twice`},
		"inner field twice":   {replace(`"by": "ann"`, `"by": "ann", "by": "bob"`), `field "pause.by" is given twice`},
		"negative epoch":      {replace(`"epoch": 7`, `"epoch": -7`), `field "epoch": a JSON number -7 does not fit`},
		"text for a number":   {replace(`"reign": 3`, `"reign": "3"`), `"reign": a JSON string does not fit`},
		"no time":             {replace(`"until": "2026-`, `"until": "soon-`), "soon-"},
		"something after it":  {string(good) + "{}", "more after the end"},
		"one byte after it":   {string(good) + "}", "more after the end"},
		"impossible values":   {replace(`"gate": "closed"`, `"gate": "ajar"`), `"gate": "ajar"`},
		"newer, other fields": {`{"format": 2, "thrones": []}`, "2 was written by a newer program"},
		"larger than allowed": {string(good) + strings.Repeat(" ", topology.MaxEncoded), "larger than the limit"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			record, err := topology.Decode([]byte(c.text))
			require.ErrorContains(t, err, c.says)
			require.Zero(t, record)
		})
	}
}

// What Encode writes at its limit Decode has to read.
func TestLargestRecordIsWrittenAndRead(t *testing.T) {
	record := wholeRecord()
	data, err := topology.Encode(record)
	require.NoError(t, err)
	record.Reason += strings.Repeat("x", topology.MaxEncoded-len(data))
	data, err = topology.Encode(record)
	require.NoError(t, err)
	require.Len(t, data, 1<<20)
	decoded, err := topology.Decode(data)
	require.NoError(t, err)
	require.Equal(t, record, decoded)
	record.Reason += "x"
	_, err = topology.Encode(record)
	require.ErrorContains(t, err, "limit")
}

func TestFirstSecondOf1970IsATime(t *testing.T) {
	record := wholeRecord()
	record.Since = time.Unix(0, 0).UTC()
	_, err := topology.Encode(record)
	require.NoError(t, err)
}

func TestMembersMayHaveAnyName(t *testing.T) {
	record := wholeRecord()
	record.Members = map[string]topology.Member{"A": {}, "a": {}, "db.example-1": {}}
	data, err := topology.Encode(record)
	require.NoError(t, err)
	decoded, err := topology.Decode(data)
	require.NoError(t, err)
	require.Equal(t, record, decoded)
}

// FuzzRecord: no input makes Decode fail badly, and what it accepts it can write
// and read again without a change.
func FuzzRecord(f *testing.F) {
	whole, err := topology.Encode(wholeRecord())
	require.NoError(f, err)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	for _, seed := range []string{
		"", "null", "[]", `{"format":1,"gate":"open"}`, `{"format":2,"x":{}}`,
		`{"format":1,"gate":"open","gate":"closed"}`, `{"format":1,"gate":"open","members":{"a":{"reign":1}}}`,
		`{"format":1,"gate":"open","pause":{"until":"9999-12-31T23:59:59+23:59"}}`, strings.Repeat(`{"members":`, 40),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := topology.Decode(data)
		if err != nil {
			require.Zero(t, record)
			return
		}
		first, err := topology.Encode(record)
		require.NoError(t, err)
		again, err := topology.Decode(first)
		require.NoError(t, err)
		second, err := topology.Encode(again)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}
