# Debian 12 packages; tools/install-dependencies lists them for apt-get.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Protobuf 3.21 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(HWLOC REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(NUMA REQUIRED IMPORTED_TARGET numa)
pkg_check_modules(PMIX REQUIRED IMPORTED_TARGET pmix)
find_library(COX_JEMALLOC NAMES jemalloc REQUIRED)
# By name: plain mpicc is whichever MPI the administrator's alternatives prefer.
find_program(MPI_C_COMPILER NAMES mpicc.openmpi mpicc)
find_program(COX_MPICC_MPICH mpicc.mpich)
if(COX_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# The lite protobuf runtime, as an archive: a command must start in a millisecond.
find_library(COX_PROTOBUF_LITE_A NAMES libprotobuf-lite.a REQUIRED)
find_library(COX_SODIUM_A NAMES libsodium.a REQUIRED)
add_library(cox_protobuf_lite INTERFACE)
target_link_libraries(cox_protobuf_lite INTERFACE ${COX_PROTOBUF_LITE_A} Threads::Threads)
add_library(cox_sodium INTERFACE)
target_link_libraries(cox_sodium INTERFACE ${COX_SODIUM_A} Threads::Threads)

# cox_proto(TARGET file.proto...): generated sources, without our warnings.
function(cox_proto target)
  set(out)
  foreach(proto ${ARGN})
    get_filename_component(stem ${proto} NAME_WE)
    file(RELATIVE_PATH dir ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    set(base ${CMAKE_BINARY_DIR}/generated/${dir}/${stem}.pb)
    add_custom_command(
      OUTPUT ${base}.cc ${base}.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
      COMMAND protobuf::protoc --cpp_out=lite:${CMAKE_BINARY_DIR}/generated
              -I ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${proto}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${proto})
    list(APPEND out ${base}.cc)
  endforeach()
  add_library(${target} STATIC ${out})
  target_include_directories(${target} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(${target} PUBLIC cox_protobuf_lite)
endfunction()
