package ingest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/ententehq/entente/internal/errs"
)

// found is a file to be read and its entry of the mapping.
type found struct {
	path string
	file *File
}

// findFiles matches paths with the mapping's entries. A path that is a file belongs to the entry whose pattern it
// matches; entries left over are looked for in the folders given, and in those of the files given. An entry without a
// file is an error, unless single files were named: then it is left out, with a note. Errors: BAD_INPUT.
func findFiles(m *Mapping, paths []string) ([]found, []string, error) {
	var notes, folders []string
	chosen := make([]string, len(m.Files))
	named := false
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, nil, errs.New(errs.BadInput, "There is no file or folder %s. Check the path.", p)
		}
		if info.IsDir() {
			folders = append(folders, p)
			continue
		}
		named = true
		folders = append(folders, filepath.Dir(p))
		i := m.entryOf(filepath.Base(p))
		if i < 0 {
			return nil, nil, errs.New(errs.BadInput, "The mapping has no entry for %s; its entries are %s. Rename the file or add an entry.", filepath.Base(p), patterns(m))
		}
		if chosen[i] != "" {
			return nil, nil, errs.New(errs.BadInput, "%s and %s are both of the mapping's entry %q. Import them one after the other.", filepath.Base(chosen[i]), filepath.Base(p), m.Files[i].Name)
		}
		chosen[i] = p
	}
	for i := range m.Files {
		if chosen[i] != "" {
			continue
		}
		p, note, err := search(m.Files[i].Name, unique(folders))
		if err != nil {
			return nil, nil, err
		}
		if p == "" && !named {
			return nil, nil, errs.New(errs.BadInput, "There is no file %s in %s. Give its path, or take its entry out of the mapping.", m.Files[i].Name, strings.Join(folders, ", "))
		}
		if p == "" {
			note = fmt.Sprintf("No file %s beside the files given: nothing was read for it.", m.Files[i].Name)
		}
		if note != "" {
			notes = append(notes, note)
		}
		chosen[i] = p
	}
	return inOrder(m, chosen), notes, nil
}

// inOrder lists the files so that each entity comes after those it refers to.
func inOrder(m *Mapping, chosen []string) []found {
	var out []found
	for _, e := range entities {
		for i := range m.Files {
			if m.Files[i].Entity == e && chosen[i] != "" {
				out = append(out, found{chosen[i], &m.Files[i]})
			}
		}
	}
	return out
}

func matches(pattern, name string) bool {
	ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(name)) // checked with the mapping
	return ok
}

// plain is the name that a pattern stands for when its stars stand for nothing.
func plain(pattern string) string { return strings.ReplaceAll(pattern, "*", "") }

func (m *Mapping) entryOf(name string) int {
	for i := range m.Files {
		if strings.EqualFold(plain(m.Files[i].Name), name) {
			return i
		}
	}
	for i := range m.Files {
		if matches(m.Files[i].Name, name) {
			return i
		}
	}
	return -1
}

func patterns(m *Mapping) string {
	var out []string
	for _, f := range m.Files {
		out = append(out, f.Name)
	}
	return strings.Join(out, ", ")
}

// search finds the file of a pattern in the folders. Of several it takes the one without anything in place of the
// stars, and says which it did not take; without such a one it refuses.
func search(pattern string, folders []string) (file, note string, err error) {
	var all []string
	for _, dir := range folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return "", "", errs.New(errs.BadInput, "The folder %s cannot be read: %v.", dir, err)
		}
		for _, e := range entries {
			if !e.IsDir() && matches(pattern, e.Name()) {
				all = append(all, filepath.Join(dir, e.Name()))
			}
		}
	}
	if len(all) == 1 {
		return all[0], "", nil
	}
	var exact, others []string
	for _, p := range all {
		if strings.EqualFold(filepath.Base(p), plain(pattern)) {
			exact = append(exact, p)
		} else {
			others = append(others, filepath.Base(p))
		}
	}
	switch {
	case len(all) == 0:
		return "", "", nil
	case len(exact) != 1:
		return "", "", errs.New(errs.BadInput, "Several files match %s: %s. Name the one to import by its path.", pattern, strings.Join(all, ", "))
	}
	return exact[0], fmt.Sprintf("%s was read for %s, and not %s; name a file by its path to choose it.", filepath.Base(exact[0]), pattern, strings.Join(others, ", ")), nil
}
