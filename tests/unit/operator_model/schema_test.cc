// The schema evaluator alone: what it refuses to load, and each keyword.
#include "operator/model/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/model/crd.h"
#include "operator/model/yaml.h"

namespace guccho::ops {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string crd(const std::string& schema) {
  return "spec: {versions: [{schema: {openAPIV3Schema: " + schema + "}}]}";
}

TEST(Schema, RefusesRulesThatItWouldNotEnforce) {
  for (const char* bad :
       {"{type: object, oneOf: []}", "{type: object, properties: {a: {multipleOf: 2}}}",
        "{type: object, x-kubernetes-validations: [{rule: 'self.a > 1'}]}", "{type: object, not: {dependencies: {}}}",
        "{type: string, pattern: '('}", "{items: {uniqueItems: true}}"}) {
    const auto got = Schema::from_crd(crd(bad));
    ASSERT_FALSE(got) << bad;
    EXPECT_THAT(got.error().text, HasSubstr("not understood")) << bad;
  }
  EXPECT_FALSE(Schema::from_crd("spec: {}"));
}

struct Case {
  const char* schema;
  const char* value;
  const char* error;  // empty: accepted
};

TEST(Schema, EachKeyword) {
  const Case cases[] = {
      {"{type: object, properties: {a: {type: array, items: {type: integer}}}}", "{a: [1, 2]}", ""},
      {"{type: object, properties: {a: {type: array, items: {type: integer}}}}", "{a: [1, x]}",
       "a[1]: must be of type"},
      {"{type: object, properties: {a: {type: integer, format: int32}}}", "{a: 3000000000}", "a: must fit in 32 bits"},
      {"{type: object, properties: {a: {type: string, minLength: 2}}}", "{a: x}", "a: must have at least 2"},
      {"{type: object, properties: {a: {type: string, maxLength: 2}}}", "{a: xyz}", "a: must have at most 2"},
      {"{type: object, maxProperties: 1, additionalProperties: {type: string}}", "{a: x, b: y}", "at most 1 entries"},
      {"{type: object, additionalProperties: {type: string}, anyOf: [{required: [a]}, {required: [b]}]}", "{c: x}",
       "matches none"},
      {"{type: object, additionalProperties: {type: string}, anyOf: [{required: [a]}, {required: [b]}]}", "{b: x}", ""},
      {"{type: object, x-kubernetes-preserve-unknown-fields: true}", "{b: x}", ""},
      {"{type: object}", "{b: x}", "b: unknown field"},
      {"{type: object, properties: {a: {x-kubernetes-int-or-string: true}}}", "{a: 1.5}", "a: must be a string or an"},
  };
  for (const Case& c : cases) {
    const auto schema = Schema::from_crd(crd(c.schema));
    ASSERT_TRUE(schema) << schema.error().text;
    const auto got = schema->admit(*json_of_yaml(c.value));
    EXPECT_EQ(bool(got), std::string_view(c.error).empty()) << c.schema << " " << c.value;
    EXPECT_THAT(got ? "" : got.error().text, HasSubstr(c.error));
  }
}

TEST(Schema, DefaultsReachIntoDefaultedObjects) {
  const auto schema = Schema::from_crd(crd(
      "{type: object, properties: {a: {type: object, default: {}, properties: {b: {type: integer, default: 7}}}}}"));
  ASSERT_TRUE(schema) << schema.error().text;
  EXPECT_EQ(*schema->admit(json::object()), (json{{"a", {{"b", 7}}}}));
  EXPECT_EQ(*schema->admit(json{{"a", nullptr}}), (json{{"a", {{"b", 7}}}}));
  EXPECT_EQ(*schema->admit(json{{"a", {{"b", 1}}}}), (json{{"a", {{"b", 1}}}}));
}

// What kubectl and the tools around it read in the file, apart from the schema.
TEST(Crd, NamesColumnsAndScale) {
  const json file = *json_of_yaml(kCrdYaml);
  EXPECT_EQ(file.at("/spec/names/shortNames"_json_pointer), json({"rdc"}));
  const json& version = file.at("/spec/versions/0"_json_pointer);
  EXPECT_EQ(version["name"], "v1");
  EXPECT_EQ(version["subresources"]["scale"]["specReplicasPath"], ".spec.primaries");
  EXPECT_EQ(version["subresources"]["scale"]["statusReplicasPath"], ".status.primaries");
  EXPECT_EQ(version["subresources"]["scale"]["labelSelectorPath"], ".status.selector");
  EXPECT_TRUE(version["subresources"].contains("status"));
  EXPECT_GE(version["additionalPrinterColumns"].size(), 5u);
}

TEST(Yaml, ScalarTypes) {
  const json got = *json_of_yaml("{a: 1, b: '1', c: yes, d: \"no\", e: ~, f: 1.5, g: 1e3x, h: +4, i: off, j: 007}");
  EXPECT_EQ(got, json::parse(R"({"a":1,"b":"1","c":true,"d":"no","e":null,"f":1.5,"g":"1e3x","h":4,"i":false,"j":7})"));
}

}  // namespace
}  // namespace guccho::ops
