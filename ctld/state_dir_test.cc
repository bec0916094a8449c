// What a controller does not begin with: see state_dir.h.
#include "ctld/state_dir.h"

#include <gtest/gtest.h>

#include <string>

#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::ctld {
namespace {

TEST(StateDir, a_journal_that_is_missing_beside_what_was_made_from_it_is_no_new_beginning) {
  for (const std::string name : {"state.db", "history.db"}) {
    const platform::ScratchDir dir;
    EXPECT_TRUE(check_state_files(dir.path(), dir / "begun")) << "nothing was there before";
    ASSERT_TRUE(platform::write_file_atomic(dir / name, "some"));
    const auto missing = check_state_files(dir.path(), dir / "begun");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::refused);
    EXPECT_EQ(missing.error().message,
              (dir / "journal.db") + " is missing or empty, and " + (dir / name) +
                  " is not: put back the journal.db that belongs to it, or move the others away to "
                  "begin with nothing");
    ASSERT_TRUE(platform::write_file_atomic(dir / "journal.db", ""));
    EXPECT_FALSE(check_state_files(dir.path(), dir / "begun"));
    ASSERT_TRUE(platform::write_file_atomic(dir / "journal.db", "some"));
    EXPECT_TRUE(check_state_files(dir.path(), dir / "begun"));
  }
}

TEST(StateDir, where_a_journal_was_nothing_begins_anew) {
  const platform::ScratchDir dir;
  ASSERT_TRUE(note_state_files("/mnt/state", dir / "begun"));
  const auto missing = check_state_files(dir.path(), dir / "begun");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::refused);
  EXPECT_EQ(missing.error().message,
            (dir / "journal.db") +
                " is missing or empty, and there was one in /mnt/state before: "
                "bring it back (is its disk mounted?), or remove " +
                (dir / "begun") + " to begin with nothing");
  ASSERT_TRUE(platform::write_file_atomic(dir / "journal.db", "some"));
  EXPECT_TRUE(check_state_files(dir.path(), dir / "begun"));
}

}  // namespace
}  // namespace cox::ctld
