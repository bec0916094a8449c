# Helpers that keep each folder's CMakeLists.txt to a few lines.

option(COX_TESTS "build the tests" ON)
option(COX_BENCH "build the benchmarks" ON)
option(COX_SANITIZE "build under the address and undefined sanitizers" OFF)
option(COX_UNITY "compile several sources of a target as one" OFF)
option(COX_LIBFUZZER "build the fuzz targets for libFuzzer (clang only)" OFF)

add_library(cox_flags INTERFACE)
# -Wrestrict: g++ 12 warns falsely about std::string's operator+ (its bug 105651).
target_compile_options(cox_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> -fno-plt)
target_include_directories(cox_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(cox_flags INTERFACE COX_VERSION="${PROJECT_VERSION}")
if(COX_SANITIZE)
  target_compile_options(cox_flags INTERFACE
    -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  # With g++ a check before each dereference doubles the time to compile (61 s -> 31 s for eight tests
  # of core); the address sanitizer reports a null or wild one all the same. Those who fuzz with clang
  # have all checks.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(cox_flags INTERFACE
      -fno-sanitize=null,alignment,object-size,vptr,nonnull-attribute,returns-nonnull-attribute)
  endif()
  target_link_options(cox_flags INTERFACE -fsanitize=address,undefined)
endif()
if(COX_LIBFUZZER)
  target_compile_options(cox_flags INTERFACE -fsanitize=fuzzer-no-link -w)
endif()

# ccache and mold are used when present; neither is required.
find_program(COX_CCACHE ccache)
if(COX_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${COX_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${COX_CCACHE})
endif()
find_program(COX_MOLD mold)
if(COX_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Most of the time to compile one source goes into headers, which its neighbours include as well:
# sixteen at a time take a third. So names of unnamed namespaces are unique within a target. The dev preset
# compiles each source alone, which is quicker after an edit and finds a forgotten include.
if(COX_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
  # What a local name hides is then mostly a neighbour's; and the source is an included file.
  target_compile_options(cox_flags INTERFACE -Wno-shadow -Wno-subobject-linkage)
  # A program gets the functions that it calls, not all those that were compiled with them.
  target_compile_options(cox_flags INTERFACE -ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)
endif()

# Sources of the current folder (and the named sub-folders), tests left out.
function(cox_sources out)
  set(found)
  foreach(dir . ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cc)
    list(FILTER files EXCLUDE REGEX "_test\\.cc$|/main\\.cc$|_main\\.cc$")
    list(APPEND found ${files})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# cox_library(NAME [DIRS sub...] [LINK targets...]): a static library of this folder.
function(cox_library name)
  cmake_parse_arguments(ARG "" "" "DIRS;LINK" ${ARGN})
  cox_sources(sources ${ARG_DIRS})
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE cox_flags ${ARG_LINK})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC cox_flags ${ARG_LINK})
endfunction()

# What is tested is optimised as it is shipped, but a test itself mostly waits: -Og instead of -O2
# saves a third of the time to compile it, and tests are most of what a cold test.sh compiles.
# Programs that are measured or simulate for long (bench, faults, power) keep -O2.
function(cox_compile_quickly target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Og>)
endfunction()

# cox_tests(NAME [DIRS sub...] [LINK targets...]): one GoogleTest program from *_test.cc.
function(cox_tests name)
  if(NOT COX_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "READS_TREE" "" "DIRS;LINK;LABELS" ${ARGN})
  set(found)
  foreach(dir . ${ARG_DIRS})
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*_test.cc)
    list(APPEND found ${files})
  endforeach()
  if(NOT found)
    return()
  endif()
  add_executable(${name} ${found})
  cox_compile_quickly(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
  if(ARG_READS_TREE)  # not __FILE__, which a compiler cache may make relative
    target_compile_definitions(${name} PRIVATE COX_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS ${name})  # the presets asan and tsan choose by it
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
endfunction()
