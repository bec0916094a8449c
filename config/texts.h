// Texts of the configuration that must have a form: what is wrong with one, or nothing.
#pragma once

#include <string>

namespace cox::config {

/// Names of clusters and partitions become parts of paths and columns of tables.
std::string check_name(const std::string& name);
std::string check_directory(const std::string& path);
std::string check_program(const std::string& path);
/// A list of node names.
std::string check_nodes(const std::string& list);
/// A user's name or number.
std::string check_user(const std::string& name);
/// An expression over labels.
std::string check_selector(const std::string& text);
/// HOST or HOST:PORT, an IPv6 address in brackets. Whether it resolves shows when it is used.
std::string check_host(const std::string& text);

}  // namespace cox::config
