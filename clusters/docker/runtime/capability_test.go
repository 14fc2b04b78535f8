package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCapabilityIsTakenOutAndTheRestStays(t *testing.T) {
	const container = `{"linux":{"resources":{"memory":9223372036854771712}},
		"process":{"args":["/sbin/init"],"capabilities":{
			"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE","CAP_KILL"],"effective":["CAP_SYS_RESOURCE"],"ambient":null}}}`
	const expected = `{"linux":{"resources":{"memory":9223372036854771712}},
		"process":{"args":["/sbin/init"],"capabilities":{
			"bounding":["CAP_CHOWN","CAP_KILL"],"effective":[],"ambient":null}}}`
	changed, err := without([]byte(container))
	require.NoError(t, err)
	require.Contains(t, string(changed), "9223372036854771712")
	require.JSONEq(t, expected, string(changed))
}

func TestTheProcessThatExecAddsLosesTheCapabilityToo(t *testing.T) {
	changed, err := without([]byte(`{"capabilities":{"bounding":["CAP_SYS_RESOURCE","CAP_KILL"]},"cwd":"/"}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"capabilities":{"bounding":["CAP_KILL"]},"cwd":"/"}`, string(changed))
}

func TestTheSpecificationIsFoundInTheArguments(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		path string
	}{
		"create":          {[]string{"--root", "/r", "create", "--bundle", "/b", "id"}, "/b/config.json"},
		"joined":          {[]string{"create", "--bundle=/b", "id"}, "/b/config.json"},
		"short":           {[]string{"run", "-b", "/b", "id"}, "/b/config.json"},
		"exec":            {[]string{"exec", "--process", "/p.json", "id"}, "/p.json"},
		"exec, joined":    {[]string{"exec", "--process=/p.json", "id"}, "/p.json"},
		"kill":            {[]string{"kill", "id", "9"}, ""},
		"without a value": {[]string{"create", "--bundle"}, "config.json"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.path, specification(c.args)) })
	}
}

func TestABadSpecificationIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, withhold(path), "not there: runc says so itself")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	require.ErrorContains(t, withhold(path), path)
}
