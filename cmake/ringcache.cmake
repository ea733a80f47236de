# One function for each kind of thing we build: the root CMakeLists.txt says what, this file says how.

option(RINGCACHE_ADAPTERS "Build the adapters (http, grpc, etcd, sql) and the programs" ON)
option(RINGCACHE_TESTS "Build the tests, benches and examples" ${PROJECT_IS_TOP_LEVEL})

# Faster builds where the tools are there; nothing changes where they are not.
find_program(RINGCACHE_CCACHE ccache)
if(RINGCACHE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RINGCACHE_CCACHE})
endif()
find_program(RINGCACHE_MOLD mold)
if(RINGCACHE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endif()

find_package(Threads REQUIRED)
add_library(ringcache_flags INTERFACE)
target_compile_options(ringcache_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Wnon-virtual-dtor -Werror=unused-result -Werror=return-type)

# ringcache_layer(NAME [FOLDER src/NAME] HEADERS a.h … [DEPENDS layer …] [PRIVATE target …])
# A library ringcache::NAME of every .cc under its folder, with its public headers (each must compile alone).
function(ringcache_layer name)
  cmake_parse_arguments(arg "" "FOLDER" "HEADERS;DEPENDS;PRIVATE" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER src/${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_library(ringcache_${name})
  add_library(ringcache::${name} ALIAS ringcache_${name})
  list(TRANSFORM arg_HEADERS PREPEND include/ringcache/)
  list(TRANSFORM arg_DEPENDS PREPEND ringcache::)
  target_sources(ringcache_${name} PRIVATE ${sources}
    PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  target_include_directories(ringcache_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(ringcache_${name} PUBLIC cxx_std_23)

  target_link_libraries(ringcache_${name} PUBLIC ${arg_DEPENDS}
    PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:ringcache_flags>)
  set_target_properties(ringcache_${name} PROPERTIES
    EXPORT_NAME ${name} CXX_EXTENSIONS OFF VERIFY_INTERFACE_HEADER_SETS ON)
  set_property(GLOBAL APPEND PROPERTY ringcache_layers ringcache_${name})
endfunction()

# ringcache_tests(LAYER [DEPENDS target …]): one gtest binary LAYER_test of tests/unit/LAYER/**/*_test.cc.
function(ringcache_tests layer)
  cmake_parse_arguments(arg "" "FOLDER" "DEPENDS" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER tests/unit/${layer})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${layer}_test ${sources})
  target_include_directories(${layer}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${layer}_test PRIVATE ${arg_DEPENDS} ringcache_flags GTest::gtest_main)
  target_compile_definitions(${layer}_test PRIVATE RINGCACHE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${layer}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

# ringcache_proto(TARGET FILE.proto …): an object library of the generated messages and gRPC stubs; include
# them as "FILE.grpc.pb.h". Its warnings are not ours.
function(ringcache_proto target)
  set(out ${PROJECT_BINARY_DIR}/generated/${target})
  file(MAKE_DIRECTORY ${out})
  foreach(file IN LISTS ARGN)
    get_filename_component(folder ${PROJECT_SOURCE_DIR}/${file} DIRECTORY)
    get_filename_component(stem ${file} NAME_WE)
    set(generated ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
    add_custom_command(OUTPUT ${generated}
      COMMAND ${RINGCACHE_PROTOC} -I ${folder} --cpp_out=${out} --grpc_out=${out}
        --plugin=protoc-gen-grpc=${RINGCACHE_GRPC_PLUGIN} ${PROJECT_SOURCE_DIR}/${file}
      DEPENDS ${PROJECT_SOURCE_DIR}/${file} VERBATIM)
    list(APPEND sources ${generated})
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC ringcache_grpc_libs)
  target_compile_features(${target} PUBLIC cxx_std_23)
endfunction()
