using System.Text;
using System.Text.Json;
using CityHub.Standards;
using CityHub.Standards.Models;

namespace CityHub.Tests.Standards.Models;

public sealed class JsonSchemaTests
{
    /// <summary>Schema, document, and the faults as path and keyword.</summary>
    [Theory]
    [InlineData("""{"type":"string"}""", "1", " type")]
    [InlineData("""{"type":["string","null"]}""", "null", "")]
    [InlineData("""{"type":"integer"}""", "1.0", "")]
    [InlineData("""{"type":"integer"}""", "1.5", " type")]
    [InlineData("""{"type":"number"}""", "1", "")]
    [InlineData("""{"enum":[1,"a",{"b":[2]}]}""", """{"b":[2.0]}""", "")]
    [InlineData("""{"enum":[1,"a"]}""", "\"b\"", " enum")]
    [InlineData("""{"const":1}""", "1.0", "")]
    [InlineData("""{"const":1}""", "true", " const")]
    [InlineData("""{"minimum":1.1}""", "1.1", "")]
    [InlineData("""{"minimum":1.1}""", "1.09999999999999999999", " minimum")]
    [InlineData("""{"maximum":3}""", "3.5", " maximum")]
    [InlineData("""{"exclusiveMinimum":0}""", "0", " exclusiveMinimum")]
    [InlineData("""{"exclusiveMaximum":0}""", "-0.1", "")]
    [InlineData("""{"multipleOf":0.1}""", "0.3", "")]
    [InlineData("""{"multipleOf":0.1}""", "0.35", " multipleOf")]
    [InlineData("""{"maxLength":2}""", "\"枢州\"", "")]
    [InlineData("""{"maxLength":1}""", "\"😀\"", "")]
    [InlineData("""{"minLength":2}""", "\"😀\"", " minLength")]
    [InlineData("""{"pattern":"^[A-Z]{2}$"}""", "\"AB\"", "")]
    [InlineData("""{"pattern":"^[A-Z]{2}$"}""", "\"AB\\n\"", " pattern")]
    [InlineData("""{"pattern":"^\\d+$"}""", "\"٣\"", " pattern")]
    [InlineData("""{"pattern":"^\\p{L}+$"}""", "\"枢州\"", "")]
    [InlineData("""{"pattern":"^(a+)+$"}""", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", " pattern")]
    [InlineData("""{"format":"date-time"}""", "\"2026-03-01T08:00:00+08:00\"", "")]
    [InlineData("""{"format":"date-time"}""", "\"2026-02-30T08:00:00Z\"", " format")]
    [InlineData("""{"format":"date-time"}""", "\"2016-12-31T23:59:60Z\"", "")]
    [InlineData("""{"format":"date-time"}""", "\"2016-12-31T22:59:60Z\"", " format")]
    [InlineData("""{"format":"date"}""", "\"2026-1-1\"", " format")]
    [InlineData("""{"format":"uri"}""", "\"urn:ngsi-ld:A:1\"", "")]
    [InlineData("""{"format":"uri"}""", "\"a/b\"", " format")]
    [InlineData("""{"format":"email"}""", "\"a@b@c\"", " format")]
    [InlineData("""{"format":"ipv4"}""", "\"256.1.1.1\"", " format")]
    [InlineData("""{"format":"ipv4"}""", "\"10.0.0.1\"", "")]
    [InlineData("""{"format":"ipv6"}""", "\"::1\"", "")]
    [InlineData("""{"format":"uuid"}""", "\"0\"", " format")]
    [InlineData("""{"format":"duration"}""", "\"P\"", " format")]
    [InlineData("""{"format":"duration"}""", "\"PT1H\"", "")]
    [InlineData("""{"format":"unheard-of"}""", "\"x\"", "")]
    [InlineData("""{"items":{"type":"number"}}""", """[1,"a",2,"b"]""", "/1 type|/3 type")]
    [InlineData("""{"prefixItems":[{"type":"number"}],"items":{"type":"string"}}""", """["a","b",1]""", "/0 type|/2 type")]
    [InlineData("""{"prefixItems":[{}],"items":false}""", "[1,2]", "/1 false")]
    [InlineData("""{"minItems":1}""", "[]", " minItems")]
    [InlineData("""{"maxItems":1}""", "[1,2]", " maxItems")]
    [InlineData("""{"uniqueItems":true}""", """[{"a":1},{"a":1.0}]""", "/1 uniqueItems")]
    [InlineData("""{"uniqueItems":true}""", """[1,true,"1"]""", "")]
    [InlineData("""{"contains":{"const":1},"minContains":2}""", "[1,2]", " contains")]
    [InlineData("""{"contains":{"const":1},"maxContains":1}""", "[1,1]", " maxContains")]
    [InlineData("""{"required":["a","b"]}""", """{"a":1}""", " required")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{"a":1,"b":2}""", "/a type")]
    [InlineData("""{"properties":{"a/b~c":{"type":"string"}}}""", """{"a/b~c":1}""", "/a~1b~0c type")]
    [InlineData("""{"properties":{"a":true},"additionalProperties":false}""", """{"a":1,"b":2}""", "/b additionalProperties")]
    [InlineData("""{"additionalProperties":{"type":"string"}}""", """{"b":2}""", "/b type")]
    [InlineData("""{"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false}""", """{"x1":1,"y":1}""", "/x1 type|/y additionalProperties")]
    [InlineData("""{"propertyNames":{"maxLength":1}}""", """{"a":1,"bb":1}""", "/bb propertyNames")]
    [InlineData("""{"minProperties":1,"maxProperties":1}""", """{"a":1,"b":1}""", " maxProperties")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{"a":1}""", " dependentRequired")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{"c":1}""", "")]
    [InlineData("""{"dependentSchemas":{"a":{"required":["b"]}}}""", """{"a":1}""", " required")]
    [InlineData("""{"allOf":[{"type":"number"},{"minimum":3}]}""", "2", " minimum")]
    [InlineData("""{"anyOf":[{"type":"string"},{"minimum":3}]}""", "2", " anyOf")]
    [InlineData("""{"oneOf":[{"type":"number"},{"minimum":3}]}""", "4", " oneOf")]
    [InlineData("""{"oneOf":[{"type":"string"},{"minimum":3}]}""", "4", "")]
    [InlineData("""{"not":{"type":"number"}}""", "4", " not")]
    [InlineData("""{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}""", """{"a":1}""", " required")]
    [InlineData("""{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}""", """{"c":1}""", "")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}""", "1", " type")]
    [InlineData("""{"$ref":"#/definitions/a%20b","definitions":{"a b":{"type":"string"}}}""", "1", " type")]
    [InlineData("""{"properties":{"child":{"$ref":"#"},"v":{"type":"number"}}}""", """{"child":{"child":{"v":"x"}}}""", "/child/child/v type")]
    [InlineData("""{"$ref":"https://city.example/common.json#/$defs/n"}""", "\"x\"", " type")]
    [InlineData("""{"$id":"https://city.example/a/b.json","$ref":"../common.json#/$defs/n"}""", "\"x\"", " type")]
    [InlineData("""{"$ref":"#"}""", "1", " $ref")]
    [InlineData("true", "1", "")]
    [InlineData("false", "1", " false")]
    public void Names_the_place_and_the_keyword(string schema, string document, string expected)
    {
        var compiled = Compile(schema);
        Assert.True(compiled.Ok, compiled.Problem?.ToString());
        using var json = JsonDocument.Parse(document);
        Assert.Equal(expected, string.Join('|', compiled.Value.Validate(json.RootElement).Select(f => $"{f.Path} {f.Keyword}")));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("""{"type":"text"}""")]
    [InlineData("""{"type":1}""")]
    [InlineData("""{"minLength":-1}""")]
    [InlineData("""{"minimum":"1"}""")]
    [InlineData("""{"pattern":"("}""")]
    [InlineData("""{"required":"a"}""")]
    [InlineData("""{"$ref":"#/$defs/none"}""")]
    [InlineData("""{"$ref":"https://elsewhere.example/x.json"}""")]
    [InlineData("""{"unevaluatedProperties":false}""")]
    [InlineData("""{"properties":{"a":{"multipleOf":0}}}""")]
    public void Refused_when_it_is_no_schema_or_leads_to_nothing(string schema) => Assert.Equal(StandardsProblems.NotASchema, Compile(schema).Problem?.Kind);

    [Fact]
    public void Says_what_was_expected_and_found()
    {
        using var json = JsonDocument.Parse("""{"status":"open"}""");
        var fault = Assert.Single(Compile("""{"properties":{"status":{"enum":["free","occupied"]}}}""").Value.Validate(json.RootElement));
        Assert.Equal(new SchemaFault("/status", "enum", "one of \"free\", \"occupied\"", "\"open\""), fault);
    }

    [Fact]
    public void A_schema_of_choices_in_choices_ends_on_a_deep_document()
    {
        var schema = Compile("""{"anyOf":[{"type":"string"},{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]},{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a","b"]}]}""").Value;
        var text = new StringBuilder("1");
        for (var i = 0; i < 12; i++)
            text.Insert(0, "{\"a\":").Append('}');
        using var json = JsonDocument.Parse(text.ToString());
        Assert.Equal("anyOf", Assert.Single(schema.Validate(json.RootElement)).Keyword);
    }

    /// <summary>The published examples have 32 attributes that no reader of NGSI-LD can take, as the broker's own conformance test counts them.</summary>
    [Fact]
    public void The_malformed_attributes_of_smart_data_models_are_found()
    {
        var folder = SharedData.Need("smart-data-models");
        var malformed = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "example-normalized.jsonld", SearchOption.AllDirectories))
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            malformed += NormalizedEntity.Validate(json.RootElement, Compile("true").Value).Count;
        }

        Assert.Equal(32, malformed);
    }

    private static Core.Problems.Result<JsonSchema> Compile(string schema)
    {
        using var json = JsonDocument.Parse(schema);
        return JsonSchema.Compile(json.RootElement.Clone(), url =>
        {
            if (url != "https://city.example/common.json")
                return null;
            using var common = JsonDocument.Parse("""{"$defs":{"n":{"type":"number"}}}""");
            return common.RootElement.Clone();
        });
    }
}
