// The loader's search, over files that exist here only.
#include "noded/stepd/loader.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "platform/file.h"

namespace cox::stepd {
namespace {

using LibraryNames = std::vector<std::string>;

/// Paths and what the files there need.
using LoaderFiles = std::map<std::string, ElfNeeds>;

ReadNeeds reading_from(const LoaderFiles& files) {
  return [files](const std::string& path) -> Result<ElfNeeds> {
    const auto found = files.find(path);
    if (found == files.end()) return fail(Code::not_found, path);
    return found->second;
  };
}

void put_number(std::uint64_t number, std::size_t bytes, std::string* out) {
  out->append(reinterpret_cast<const char*>(&number), bytes);
}

/// A cache with these paths for one library, as it is written today.
std::string cache_of(const std::string& name,
                     const LibraryNames& paths,
                     std::optional<std::uint64_t> entries = std::nullopt) {
  std::string bytes = "glibc-ld.so.cache1.1";
  put_number(entries.value_or(paths.size()), 4, &bytes);
  put_number(0, 4, &bytes);
  bytes.append(20, '\0');
  std::string texts = name + '\0';
  const std::size_t first_text = bytes.size() + 24 * paths.size();
  for (const std::string& path : paths) {
    put_number(0x0303, 4, &bytes);
    put_number(first_text, 4, &bytes);
    put_number(first_text + texts.size(), 4, &bytes);
    put_number(0, 12, &bytes);
    texts += path + '\0';
  }
  return bytes + texts;
}

TEST(Loader, libraries_of_libraries_come_behind_those_that_need_them) {
  const LoaderFiles files = {{"/usr/lib/liba.so", {{"libc.so.6"}, {}, {}}},
                             {"/usr/lib/libb.so", {{"libmpich.so.12", "libc.so.6"}, {}, {}}},
                             {"/usr/lib/libmpich.so.12", {{"libucp.so.0", "liba.so"}, {}, {}}}};
  EXPECT_EQ(loaded_libraries("/bin/x", {{"liba.so", "libb.so"}, {}, {}}, {}, reading_from(files)),
            (LibraryNames{"liba.so", "libb.so", "libc.so.6", "libmpich.so.12", "libucp.so.0"}));
}

TEST(Loader, a_runpath_is_for_the_object_itself_and_an_rpath_also_for_what_it_loads) {
  const LoaderFiles files = {{"/opt/app/lib/liba.so", {{"libdeep.so"}, {}, {}}},
                             {"/opt/app/lib/libdeep.so", {{"libfound.so"}, {}, {}}}};
  EXPECT_EQ(
      loaded_libraries("/opt/app/bin/x", {{"liba.so"}, {}, {"$ORIGIN/../lib"}}, {},
                       reading_from({{"/opt/app/bin/../lib/liba.so", {{"libdeep.so"}, {}, {}}},
                                     {"/opt/app/bin/../lib/libdeep.so", {{"libx.so"}, {}, {}}}})),
      (LibraryNames{"liba.so", "libdeep.so"}));
  EXPECT_EQ(loaded_libraries("/opt/app/bin/x", {{"liba.so"}, {"/opt/app/lib"}, {}}, {},
                             reading_from(files)),
            (LibraryNames{"liba.so", "libdeep.so", "libfound.so"}));
}

TEST(Loader, places_are_tried_in_the_order_of_the_manual) {
  LoaderSetup setup;
  setup.library_path = {"/env"};
  setup.cache = LoaderCache(cache_of("liba.so", {"/broken/liba.so", "/cache/liba.so"}));
  LoaderFiles files = {{"/usr/lib/liba.so", {{"default"}, {}, {}}}};
  const ElfNeeds needs{{"liba.so"}, {}, {"/run"}};
  const auto second = [&] {
    return loaded_libraries("/bin/x", needs, setup, reading_from(files))[1];
  };
  EXPECT_EQ(second(), "default");
  files["/cache/liba.so"] = {{"cache"}, {}, {}};
  EXPECT_EQ(second(), "cache");
  files["/run/liba.so"] = {{"runpath"}, {}, {}};
  EXPECT_EQ(second(), "runpath");
  files["/env/liba.so"] = {{"environment"}, {}, {}};
  EXPECT_EQ(second(), "environment");
  const ElfNeeds old{{"liba.so"}, {"/rpath"}, {}};
  files["/rpath/liba.so"] = {{"rpath"}, {}, {}};
  EXPECT_EQ(loaded_libraries("/bin/x", old, setup, reading_from(files))[1], "rpath");
}

TEST(Loader, what_is_preloaded_comes_first_and_paths_are_taken_as_they_are) {
  LoaderSetup setup;
  setup.preloaded = {"/opt/libpmix.so.2"};
  EXPECT_EQ(loaded_libraries("/bin/x", {{"/srv/liba.so"}, {}, {}}, setup,
                             reading_from({{"/srv/liba.so", {{"libb.so"}, {}, {}}}})),
            (LibraryNames{"libpmix.so.2", "liba.so", "libb.so"}));
}

TEST(Loader, libraries_that_need_each_other_end_the_search) {
  EXPECT_EQ(loaded_libraries("/bin/x", {{"liba.so"}, {}, {}}, {},
                             reading_from({{"/lib/liba.so", {{"libb.so"}, {}, {}}},
                                           {"/lib/libb.so", {{"liba.so"}, {}, {}}}})),
            (LibraryNames{"liba.so", "libb.so"}));
}

TEST(LoaderCache, is_read_behind_whatever_stands_before_it) {
  const std::string bytes = cache_of("liba.so", {"/opt/liba.so", "/srv/liba.so"});
  for (const std::string& before : {std::string(), std::string(77, 'x')}) {
    const LoaderCache cache(before + bytes);
    EXPECT_EQ(cache.paths_of("liba.so"), (LibraryNames{"/opt/liba.so", "/srv/liba.so"}));
    EXPECT_EQ(cache.paths_of("liba.s"), LibraryNames{});
    EXPECT_EQ(cache.paths_of("liba.so.1"), LibraryNames{});
  }
}

TEST(LoaderCache, that_is_damaged_has_what_can_be_read) {
  EXPECT_TRUE(LoaderCache("").paths_of("liba.so").empty());
  EXPECT_TRUE(LoaderCache("glibc-ld.so.cache1.1").paths_of("liba.so").empty());
  EXPECT_EQ(LoaderCache(cache_of("liba.so", {"/x"}, 4'000'000'000)).paths_of("liba.so"),
            LibraryNames{"/x"});
  const std::string whole = cache_of("liba.so", {"/opt/liba.so"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_LE(LoaderCache(whole.substr(0, size)).paths_of("liba.so").size(), 1U);
  }
}

TEST(LoaderCache, of_this_system_has_the_c_library) {
  const LoaderCache cache(platform::read_file("/etc/ld.so.cache", 16U << 20).value_or(""));
  EXPECT_FALSE(cache.paths_of("libc.so.6").empty());
}

}  // namespace
}  // namespace cox::stepd
