# The third-party libraries of the adapters, as Debian 12 packages them (tools/packages.txt). Each adapter's are
# one target, which is not made where something is missing: ringcache_layer() then switches the adapter off.
# The installed package finds them with this same file.

# ringcache_off(TARGET what [package]): says why the target is not made.
function(ringcache_off target what)
  if(NOT ringcache_FIND_QUIETLY)
    message(NOTICE "ringcache: no ${target}: ${what} not found (Debian: ${ARGN})")
  endif()
endfunction()

find_package(PkgConfig QUIET)

# Boost.Asio and Boost.Beast are headers; several Boost versions may be installed, 1.81 is ours.
find_package(Boost 1.81 QUIET)
if(NOT Boost_FOUND)
  ringcache_off(ringcache_asio_libs "Boost 1.81" libboost1.81-dev)
elseif(NOT TARGET ringcache_asio_libs)
  add_library(ringcache_asio_libs INTERFACE IMPORTED GLOBAL)
  target_link_libraries(ringcache_asio_libs INTERFACE Boost::headers)
endif()

if(PkgConfig_FOUND)
  pkg_check_modules(RINGCACHE_GRPC QUIET IMPORTED_TARGET GLOBAL grpc++ protobuf)
endif()
find_program(RINGCACHE_PROTOC protoc)
find_program(RINGCACHE_GRPC_PLUGIN grpc_cpp_plugin)
find_library(RINGCACHE_GRPC_REFLECTION grpc++_reflection)
if(NOT RINGCACHE_GRPC_FOUND OR NOT RINGCACHE_GRPC_REFLECTION OR NOT RINGCACHE_PROTOC OR NOT RINGCACHE_GRPC_PLUGIN)
  ringcache_off(ringcache_grpc_libs "gRPC with its compiler plug-in"
    libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc)
elseif(NOT TARGET ringcache_grpc_libs)
  add_library(ringcache_grpc_libs INTERFACE IMPORTED GLOBAL)
  # Reflection registers itself in a static constructor, so the linker must be told to keep it.
  target_link_libraries(ringcache_grpc_libs INTERFACE
    -Wl,--push-state,--no-as-needed ${RINGCACHE_GRPC_REFLECTION} -Wl,--pop-state PkgConfig::RINGCACHE_GRPC)
endif()

# Debian's libsoci-dev has no CMake or pkg-config file.
find_path(RINGCACHE_SOCI_INCLUDE soci/soci.h)
find_library(RINGCACHE_SOCI_CORE soci_core)
find_library(RINGCACHE_SOCI_SQLITE soci_sqlite3)
find_package(SQLite3 QUIET)
if(NOT RINGCACHE_SOCI_INCLUDE OR NOT RINGCACHE_SOCI_CORE OR NOT RINGCACHE_SOCI_SQLITE OR NOT SQLite3_FOUND)
  ringcache_off(ringcache_soci_libs "SOCI with SQLite" libsoci-dev libsqlite3-dev)
elseif(NOT TARGET ringcache_soci_libs)
  add_library(ringcache_soci_libs INTERFACE IMPORTED GLOBAL)
  target_include_directories(ringcache_soci_libs SYSTEM INTERFACE ${RINGCACHE_SOCI_INCLUDE})
  target_link_libraries(ringcache_soci_libs INTERFACE
    ${RINGCACHE_SOCI_SQLITE} ${RINGCACHE_SOCI_CORE} SQLite::SQLite3)
endif()

find_package(yaml-cpp QUIET)
find_package(nlohmann_json QUIET)
find_package(spdlog QUIET)

# What the programs need beside the library.
find_package(CLI11 QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(RINGCACHE_HTTPLIB QUIET IMPORTED_TARGET GLOBAL cpp-httplib)
endif()
find_package(LibLZMA QUIET)
find_package(ZLIB QUIET)
