package playground_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
)

// notBuilt are the files beside the sources that the build does not read. web/pack.mjs holds the same list.
var notBuilt = []string{"behave.mjs", "browser.mjs", "check.mjs", "dev-server.mjs", "verify.mjs", "README.md"}

func TestBuildIsFresh(t *testing.T) {
	web := os.DirFS("web")
	var lines []string
	err := fs.WalkDir(web, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "node_modules":
			return fs.SkipDir
		case d.IsDir() || slices.Contains(notBuilt, name):
			return nil
		}
		text, err := fs.ReadFile(web, name)
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(text), name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][64:] < lines[j][64:] })
	built, err := os.ReadFile("dist/sources.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lines, ""); got != string(built) {
		t.Errorf("web has changed since dist was built: run `npm ci && npm run build` in internal/playground/web\nbuilt from:\n%sfound:\n%s", built, got)
	}
}

func TestBuildIsSmall(t *testing.T) {
	const most = 2_500_000
	var size int64
	err := fs.WalkDir(os.DirFS("dist"), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > most {
		t.Errorf("the build is %d bytes, more than %d", size, most)
	}
}

func TestLockNamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("web/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("package-lock.json says where packages were downloaded; web/.npmrc should prevent that")
	}
	manifest, err := os.ReadFile("web/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if loose := regexp.MustCompile(`": "[\^~><*][^"]*"`).FindAllString(string(manifest), -1); len(loose) > 1 {
		t.Errorf("package.json must name exact versions, except of node: %v", loose)
	}
}
