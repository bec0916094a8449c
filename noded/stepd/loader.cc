// Breadth first, as ld.so: a name that was loaded once is not looked for again. The order of places
// is that of ld.so(8).
#include "noded/stepd/loader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <set>

namespace cox::stepd {
namespace {

constexpr std::size_t libraries_max = 1024;
constexpr std::string_view cache_mark = "glibc-ld.so.cache1.1";
constexpr std::array<std::string_view, 6> default_places = {"/lib/x86_64-linux-gnu",
                                                            "/usr/lib/x86_64-linux-gnu",
                                                            "/lib64",
                                                            "/usr/lib64",
                                                            "/lib",
                                                            "/usr/lib"};

/// Header and entry of the cache; offsets of texts count from the header.
struct CacheHeader {
  std::array<char, 20> mark;
  std::uint32_t entries, text_bytes;
  std::array<std::uint32_t, 5> unused;
};

struct CacheEntry {
  std::int32_t flags;
  std::uint32_t name, path, os_version;
  std::uint64_t hardware;
};

/// A loaded object: where it lies, and where its own libraries are looked for.
struct LoadedObject {
  std::string directory;
  ElfNeeds needs;
  std::vector<std::string> inherited_rpath;
};

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string with_origin(std::string place, const std::string& directory) {
  for (const std::string_view name : {"${ORIGIN}", "$ORIGIN"}) {
    for (std::size_t at = place.find(name); at != std::string::npos;
         at = place.find(name, at + directory.size())) {
      place.replace(at, name.size(), directory);
    }
  }
  return place;
}

std::vector<std::string> places_of(const std::vector<std::string>& places,
                                   const LoadedObject& object) {
  std::vector<std::string> out;
  for (const std::string& place : places) {
    out.push_back(with_origin(place, object.directory));
  }
  return out;
}

class LoaderWalk {
 public:
  LoaderWalk(const LoaderSetup& setup, const ReadNeeds& read) : setup_(setup), read_(read) {}

  std::vector<std::string> from(const std::string& program, const ElfNeeds& needs) {
    LoadedObject first{directory_of(program), needs, {}};
    for (const std::string& name : setup_.preloaded) {
      visit(name, first);
    }
    objects_.push_back(std::move(first));
    while (!objects_.empty() && names_.size() < libraries_max) {
      const LoadedObject object = std::move(objects_.front());
      objects_.pop_front();
      for (const std::string& name : object.needs.libraries) {
        visit(name, object);
      }
    }
    return std::move(names_);
  }

 private:
  void visit(const std::string& name, const LoadedObject& by) {
    if (names_.size() >= libraries_max || !seen_.insert(name).second) {
      return;
    }
    const std::size_t slash = name.find_last_of('/');
    names_.push_back(slash == std::string::npos ? name : name.substr(slash + 1));
    find(name, by);
  }

  void find(const std::string& name, const LoadedObject& by) {
    if (name.find('/') != std::string::npos) {
      take(with_origin(name, by.directory), by);
      return;
    }
    if (by.needs.runpath.empty() && (take_from(places_of(by.needs.rpath, by), name, by) ||
                                     take_from(by.inherited_rpath, name, by))) {
      return;
    }
    if (take_from(setup_.library_path, name, by) ||
        take_from(places_of(by.needs.runpath, by), name, by)) {
      return;
    }
    for (const std::string& path : setup_.cache.paths_of(name)) {
      if (take(path, by)) {
        return;
      }
    }
    take_from({default_places.begin(), default_places.end()}, name, by);
  }

  bool take_from(const std::vector<std::string>& places,
                 const std::string& name,
                 const LoadedObject& by) {
    return std::any_of(places.begin(), places.end(), [&](const std::string& place) {
      return !place.empty() && take(place + "/" + name, by);
    });
  }

  bool take(const std::string& path, const LoadedObject& by) {
    auto needs = read_(path);
    if (!needs) {
      return false;
    }
    LoadedObject object{directory_of(path), std::move(*needs), places_of(by.needs.rpath, by)};
    object.inherited_rpath.insert(object.inherited_rpath.end(), by.inherited_rpath.begin(),
                                  by.inherited_rpath.end());
    objects_.push_back(std::move(object));
    return true;
  }

  const LoaderSetup& setup_;
  const ReadNeeds& read_;
  std::vector<std::string> names_;
  std::set<std::string> seen_;
  std::deque<LoadedObject> objects_;
};

}  // namespace

LoaderCache::LoaderCache(std::string bytes) {
  // Older caches have the present form behind one of long ago.
  const std::size_t begin = bytes.find(cache_mark);
  CacheHeader header;
  if (begin == std::string::npos || bytes.size() - begin < sizeof header) {
    return;
  }
  bytes_ = bytes.substr(begin);
  std::memcpy(&header, bytes_.data(), sizeof header);
  entries_ =
      std::min<std::size_t>(header.entries, (bytes_.size() - sizeof header) / sizeof(CacheEntry));
}

std::string_view LoaderCache::text_at(std::size_t offset) const {
  const std::string_view rest =
      offset < bytes_.size() ? std::string_view(bytes_).substr(offset) : std::string_view();
  return rest.substr(0, rest.find('\0'));
}

std::vector<std::string> LoaderCache::paths_of(std::string_view library) const {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < entries_; ++i) {
    CacheEntry entry;
    std::memcpy(&entry, bytes_.data() + sizeof(CacheHeader) + i * sizeof entry, sizeof entry);
    // Most names differ within their first bytes: looking for their ends would cost more.
    if (entry.name < bytes_.size() &&
        std::string_view(bytes_).substr(entry.name, library.size()) == library &&
        text_at(entry.name) == library) {
      paths.emplace_back(text_at(entry.path));
    }
  }
  return paths;
}

std::vector<std::string> loaded_libraries(const std::string& program,
                                          const ElfNeeds& needs,
                                          const LoaderSetup& setup,
                                          const ReadNeeds& read) {
  return LoaderWalk(setup, read).from(program, needs);
}

}  // namespace cox::stepd
