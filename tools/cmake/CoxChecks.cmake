# Rules of the house as tests, and the sanitizer build's tests in the same ctest run.
if(COX_TESTS)
  add_test(NAME tree.layers COMMAND ${CMAKE_SOURCE_DIR}/tools/check-layers)
  add_test(NAME tree.layers_bite COMMAND ${CMAKE_SOURCE_DIR}/tools/check-layers --bites)
  add_test(NAME tree.planted_bugs COMMAND ${CMAKE_SOURCE_DIR}/tools/plant-bugs --check)
  add_test(NAME tree.format COMMAND ${CMAKE_SOURCE_DIR}/tools/check-format)
  add_test(NAME tree.format_bites COMMAND ${CMAKE_SOURCE_DIR}/tools/check-format --bites)
  add_test(NAME tree.manual COMMAND ${CMAKE_SOURCE_DIR}/tools/check-manual)
  # One small file: that the profile and the compiler's own options are understood.
  find_program(COX_CLANG_TIDY clang-tidy)
  if(COX_CLANG_TIDY)
    add_test(NAME tree.tidy_runs COMMAND ${CMAKE_SOURCE_DIR}/tools/tidy model/memory_text.cc)
    set_tests_properties(tree.tidy_runs PROPERTIES LABELS tree TIMEOUT 300
      ENVIRONMENT COX_TIDY_BUILD=${CMAKE_BINARY_DIR})
  endif()
  set_tests_properties(tree.layers tree.layers_bite tree.planted_bugs tree.format tree.format_bites tree.manual
    PROPERTIES LABELS tree)

  set(COX_ASAN_DIR "" CACHE PATH "a folder configured with preset asan, built and tested here too")
  if(COX_ASAN_DIR)
    # A test itself, begun first: while it compiles, tests that mostly wait use what is left.
    include(ProcessorCount)
    ProcessorCount(processors)
    add_test(NAME asan.build COMMAND ${CMAKE_COMMAND} --build ${COX_ASAN_DIR}
      --parallel ${processors} --target common_tests model_tests core_tests plugin_tests wire_tests
      fuzz_targets)
    set_tests_properties(asan.build PROPERTIES LABELS asan TIMEOUT 3600 COST 1000000
      FIXTURES_SETUP asan_build)
    foreach(program common/common_tests model/model_tests core/core_tests plugins/plugin_tests
                    wire/wire_tests)
      get_filename_component(name ${program} NAME)
      add_test(NAME asan.${name} COMMAND ${COX_ASAN_DIR}/${program})
      # Of freed memory the last 16 MiB are watched, not 256: fresh pages cost half of the run.
      set_tests_properties(asan.${name} PROPERTIES LABELS asan TIMEOUT 300
        FIXTURES_REQUIRED asan_build ENVIRONMENT ASAN_OPTIONS=quarantine_size_mb=16)
    endforeach()
    file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/testsuite/fuzz/*_fuzz.cc)
    foreach(source ${targets})
      get_filename_component(name ${source} NAME_WE)
      string(REPLACE "_fuzz" "" name ${name})
      set(folder ${CMAKE_SOURCE_DIR}/testsuite/fuzz)
      add_test(NAME asan.fuzz.${name}
        COMMAND ${COX_ASAN_DIR}/testsuite/fuzz/fuzz_${name} --corpus ${folder}/corpus/${name}
                --words ${folder}/words/${name} --inputs 20000)
      set_tests_properties(asan.fuzz.${name} PROPERTIES LABELS asan TIMEOUT 300
        FIXTURES_REQUIRED asan_build)
    endforeach()
  endif()
endif()
