package charts_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
	"memgraph-controller/controller/backup/buckettest"
	"memgraph-controller/docs/check"
)

// What the pages set brings the jobs to the bucket: a bucket on this machine, in which the
// program looks with the arguments and the keys that the chart gives them.
func TestTheJobsOfThePagesReachTheirBucket(t *testing.T) {
	if testing.Short() {
		t.Skip("runs helm and the program")
	}
	const name = "20260304T050607Z-db.graph-2"
	manifest := `{"format":1,"file":"snap_1","bytes":1,"sha256":"00","cluster":"db/graph","role":"voter"}`
	endpoint := buckettest.Start(t, "key", map[string]string{"R/" + name + "/manifest.json": manifest})
	pages, err := check.Pages("..")
	require.NoError(t, err)
	blocks, err := check.For(pages, check.Way(t.Name()))
	require.NoError(t, err)
	var ran []string
	for _, b := range blocks {
		for _, line := range b.Commands {
			words := strings.Fields(line)
			require.Equal(t, []string{"helm", "R", filepath.Join("charts", chart)}, []string{words[0], words[2], words[3]}, b)
			var args []string
			for _, word := range words[4:] {
				if word != "--reuse-values" {
					args = append(args, word)
				}
			}
			jobs := render(t, append(args, "--set=backup.store.s3.endpoint="+endpoint)...).jobs()
			require.Len(t, jobs, 1, b)
			c := jobs[0].Spec.Template.Spec.Containers[0]
			for _, key := range secrets(c) {
				require.Equal(t, "s3-keys", key.Name, b)
			}
			require.Len(t, secrets(c), 2, b)
			store := slices.DeleteFunc(slices.Clone(c.Args), func(arg string) bool {
				return !strings.HasPrefix(arg, "--store=") && !strings.HasPrefix(arg, "--s3-")
			})
			program := command.New("memgraph-controller", append([]string{"backup", "list"}, store...)...)
			program.Env = []string{"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret"}
			out, err := run(t, program)
			require.NoError(t, err, b)
			require.Contains(t, out, name, b)
			ran = append(ran, words[1]+" "+c.Args[1])
		}
	}
	require.Equal(t, []string{"upgrade run", "install restore"}, ran)
}
