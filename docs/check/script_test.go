package check

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder is a test that fails without failing this one.
type recorder struct {
	testing.TB
	said     string
	cleanups []func()
}

func (r *recorder) Helper()                        {}
func (r *recorder) Cleanup(f func())               { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Name() string                   { return "TestX" }
func (r *recorder) Failed() bool                   { return r.said != "" }
func (r *recorder) Skipped() bool                  { return false }
func (r *recorder) Errorf(format string, a ...any) { r.said += fmt.Sprintf(format, a...) }
func (r *recorder) FailNow()                       { panic(r) }

func (r *recorder) end() {
	for _, f := range r.cleanups {
		f()
	}
}

func TestAScriptIsExecutedAsAWhole(t *testing.T) {
	page := func(lines string) []Page {
		return []Page{parse("docs/page.md", []byte("text\n\n<!-- run: TestX -->\n\n"+lines))}
	}
	two := page("    kubectl memgraph pause --for 5m -n N\n    kubectl memgraph resume\n")
	names := map[string]string{"N": "graph"}

	whole := &recorder{}
	s := scriptOf(whole, two, "TestX")
	require.Equal(t, "kubectl memgraph pause --for 5m -n graph", s.Line("kubectl memgraph pause", names))
	require.Equal(t, "kubectl memgraph resume", s.Line("kubectl memgraph resume", names))
	whole.end()
	require.Empty(t, whole.said)

	half := &recorder{}
	scriptOf(half, two, "TestX").Line("kubectl memgraph pause", names)
	half.end()
	require.Contains(t, half.said, `docs/page.md:5: TestX does not execute "kubectl memgraph resume"`)

	for beginning, want := range map[string]string{
		"kubectl memgraph history": `that begin with "kubectl memgraph history"`,
		"kubectl memgraph":         `that begin with "kubectl memgraph"`,
	} {
		other := &recorder{}
		require.Panics(t, func() { scriptOf(other, two, "TestX").Line(beginning, names) })
		require.Contains(t, other.said, want)
	}
	nobody := &recorder{}
	require.Panics(t, func() { scriptOf(nobody, two, "TestY") })
	require.Contains(t, nobody.said, "TestY")
}
