package charts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNonsenseIsRefusedWithAWordOnWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		set  []string
		says string
	}{
		"a value that does not exist":           {[]string{"memgraph.replica=3"}, "additional properties 'replica' not allowed"},
		"no database at all":                    {[]string{"memgraph.replicas=0"}, "minimum: got 0, want 1"},
		"no controller":                         {[]string{"controller.replicas=0"}, "minimum: got 0, want 1"},
		"a word for a number":                   {[]string{"memgraph.replicas=three"}, "got string, want integer"},
		"an unknown detection":                  {[]string{"controller.detection=instant"}, "value must be one of 'fast', 'balanced', 'patient'"},
		"a duration without a unit":             {[]string{"controller.degradeAfter=30"}, "/controller/degradeAfter"},
		"an unknown type of Service":            {[]string{"http.service.type=ExternalName"}, "value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'"},
		"a port that is none":                   {[]string{"writeGateway.service.port=70000"}, "maximum: got 70,000, want 65,535"},
		"a node port without a node":            {[]string{"writeGateway.service.nodePort=30687"}, "writeGateway.service.nodePort needs writeGateway.service.type=NodePort or LoadBalancer"},
		"a size without a unit":                 {[]string{"memgraph.storage.size=10"}, "/memgraph/storage/size"},
		"an image without a name":               {[]string{"image.repository="}, "/image/repository"},
		"an fsync never":                        {[]string{"memgraph.walFlushEveryNTx=0"}, "minimum: got 0, want 1"},
		"no database and none that is there":    {[]string{"memgraph.enabled=false"}, "memgraph.enabled=false needs existing.statefulSet"},
		"no way to know its pods":               {[]string{"memgraph.enabled=false", "existing.statefulSet=graph"}, "memgraph.enabled=false needs existing.instanceSelector"},
		"two databases":                         {[]string{"existing.statefulSet=graph"}, "existing.* is for memgraph.enabled=false"},
		"a grace that ends before the hook":     {[]string{"memgraph.preStopSeconds=60"}, "memgraph.terminationGracePeriodSeconds (60) includes memgraph.preStopSeconds (60) and must be greater"},
		"no write-ahead log":                    {[]string{"memgraph.extraArgs={--storage-wal-enabled=false}"}, "the chart sets --storage-wal-enabled itself"},
		"another data directory":                {[]string{"memgraph.extraArgs={--data_directory=/data}"}, "the chart sets --data-directory itself"},
		"a schedule of snapshots as a flag":     {[]string{"memgraph.extraArgs={--storage-snapshot-interval-sec=600}"}, "the chart sets --storage-snapshot-interval-sec itself"},
		"no snapshots":                          {[]string{"memgraph.snapshots.intervalSeconds=0"}, "minimum: got 0, want 10"},
		"a backup that goes nowhere":            {[]string{"backup.enabled=true"}, "need a place: give backup.store.claim"},
		"a restore from nowhere":                {[]string{"restore.backup=latest"}, "need a place"},
		"a backup to two places":                {[]string{"backup.store.claim=c", "backup.store.s3.bucket=graphs"}, "name two places"},
		"a backup of somebody else's":           {[]string{"backup.enabled=true", "backup.store.claim=c", "memgraph.enabled=false", "existing.statefulSet=graph", "existing.instanceSelector.app=graph"}, "needs memgraph.enabled=true"},
		"a restore into somebody else's":        {[]string{"restore.backup=latest", "backup.store.claim=c", "memgraph.enabled=false", "existing.statefulSet=graph", "existing.instanceSelector.app=graph"}, "restore.backup needs memgraph.enabled=true"},
		"a folder outside of the claim":         {[]string{"backup.store.claim=c", "backup.store.prefix=../other"}, "/backup/store/prefix"},
		"a cluster without its namespace":       {[]string{"restore.cluster=graph"}, "/restore/cluster"},
		"the cluster of a backup with a name":   {[]string{"backup.store.claim=c", "restore.backup=20260304T050607Z-db.graph-2", "restore.cluster=db/graph"}, "is for restore.backup=latest"},
		"a backup that is no name":              {[]string{"restore.backup=yesterday", "backup.store.claim=c"}, "/restore/backup"},
		"a schedule that is none":               {[]string{"backup.schedule=daily"}, "/backup/schedule"},
		"an argument that is no flag":           {[]string{"memgraph.extraArgs={verbose}"}, "/memgraph/extraArgs/0"},
		"clients that are no peers":             {[]string{"networkPolicy.gatewayClients={10.0.0.0/8}"}, "/networkPolicy/gatewayClients/0"},
		"clients whose selector is misspelt":    {[]string{"networkPolicy.gatewayClients[0].podSelectors.matchLabels.app=web"}, "additional properties 'podSelectors' not allowed"},
		"a check of logins that YAML misreads":  {[]string{"readGateway.checkLogins=on"}, "value must be one of 'auto', 'always', 'never'"},
		"TLS, in which no login can be seen":    {[]string{"auth.existingSecret=user", "tls.existingSecret=bolt"}, "set readGateway.checkLogins=never"},
		"a certificate past the values":         {[]string{"memgraph.extraArgs={--bolt-cert-file=/cert.pem}"}, "the chart sets --bolt-cert-file itself"},
		"clients that are no network":           {[]string{"readGateway.allowedClients={web}"}, "/readGateway/allowedClients/0"},
		"a key that no Secret can have":         {[]string{"auth.passwordKey=pass word"}, "/auth/passwordKey"},
		"a required value that was taken away":  {[]string{"memgraph.storage=null"}, "missing property 'storage'"},
		"a version of Kubernetes that is early": {[]string{}, "chart requires kubeVersion"},
	} {
		t.Run(name, func(t *testing.T) {
			var args []string
			for _, set := range c.set {
				args = append(args, "--set="+set)
			}
			if len(args) == 0 {
				args = []string{"--kube-version=1.29.0"}
			}
			_, err := template(t, args...)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// Names are made of the release's, and the longest of them has 13 characters more.
func TestAReleaseWhoseNamesWouldBeTooLongIsRefused(t *testing.T) {
	for length, ok := range map[int]bool{50: true, 51: false} {
		_, err := templateAs(t, strings.Repeat("r", length))
		if ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "choose a shorter one")
	}
}

// A CronJob's name may have 52 characters, so that its jobs' may have 63.
func TestAReleaseWhoseJobsCouldNotBeNamedIsRefused(t *testing.T) {
	for _, set := range []string{"backup.enabled=true", "restore.backup=latest"} {
		args := []string{"--set=backup.store.claim=c", "--set=" + set}
		rendered, err := templateAs(t, strings.Repeat("r", 45), args...)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^  name: r{45}-(backup|restore-[0-9a-f]{8})$`, rendered)
		_, err = templateAs(t, strings.Repeat("r", 46), args...)
		require.ErrorContains(t, err, "choose a shorter one", set)
	}
}
