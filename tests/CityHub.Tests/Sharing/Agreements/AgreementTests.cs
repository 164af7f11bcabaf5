using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Agreements;
using CityHub.Sharing.Catalogue;
using CityHub.Tests.Sharing.Access;
using CsCheck;

namespace CityHub.Tests.Sharing.Agreements;

/// <summary>Grants as ODRL agreements and back.</summary>
public sealed class AgreementTests
{
    private static readonly Gen<string> AnyId = Gen.String[Gen.Char["ab/ :#%城枢\""], 1, 6];
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<Grant> Any =
        Gen.Select(AnyId, AnyId, AnyId, ObligationsTests.Any, Gen.Select(Gen.Int[1, 7], Gen.Int[1, 127], Gen.Int[0, 8], Gen.Int[1, 1000], Gen.Bool)).Select((id, dataset, purpose, bound, rest) => new Grant
        {
            Id = id,
            Version = rest.Item4,
            Dataset = dataset,
            Provider = "mzj",
            Receiver = rest.Item5 ? "wjw" : "*",
            Rights = (Rights)rest.Item1,
            Purpose = purpose,
            Modes = (DeliveryModes)rest.Item2,
            State = (GrantState)rest.Item3,
            Obligations = bound,
            From = Start,
            Until = Start.AddMinutes(rest.Item4),
            Basis = "令809, 第20条",
            Request = rest.Item5 ? null : "r-1",
            Item = rest.Item5 ? "i-1" : null,
            SignedBy = "zhang",
        });

    [Fact]
    public void An_agreement_is_read_back_as_the_grant_it_was_written_from() => Any.Sample(grant => Read(Write(grant)).Value == grant);

    [Fact]
    public void Names_may_come_whole_with_a_prefix_or_alone()
    {
        var grant = Strict;
        var text = Write(grant);
        var whole = text.Replace("\"use\"", "\"http://www.w3.org/ns/odrl/2/use\"").Replace("\"leftOperand\"", "\"odrl:leftOperand\"").Replace("\"cityhub:of\"", "\"urn:cityhub:sharing:of\"")
            .Replace("\"cityhub:row\"", "{\"@id\":\"urn:cityhub:sharing:row\"}").Replace("\"permission\":[", "\"odrl:permission\":[");
        Assert.NotEqual(text, whole);
        Assert.Equal(grant, Read(whole).Value);
    }

    [Theory]
    [InlineData("\"Agreement\"", "\"Offer\"", "of type Offer")]
    [InlineData("\"isA\"", "\"eq\"", "purpose eq")]
    [InlineData("\"delayPeriod\"", "\"payAmount\"", "duty to delete")]
    [InlineData("\"distribute\"", "\"print\"", "prohibits print")]
    [InlineData("\"cityhub:minimumGroupSize\"", "\"spatial\"", "spatial gteq")]
    [InlineData("\"profile\":\"urn:cityhub:sharing:odrl\"", "\"profile\":\"urn:other\"", "profile")]
    [InlineData("\"uid\"", "\"obligation\":[],\"uid\"", "obligation")]
    [InlineData("urn:cityhub:dataset:", "urn:elsewhere:", "target")]
    [InlineData("\"dateTime\",\"operator\":\"lt\"", "\"dateTime\",\"operator\":\"lteq\"", "dateTime lteq")]
    [InlineData("\"P30D\"", "\"soon\"", "soon")]
    [InlineData("\"constraint\":[{\"leftOperand\":\"purpose\"", "\"constraint\":[{\"leftOperand\":\"cityhub:minimumGroupSize\",\"operator\":\"gteq\",\"rightOperand\":1},{\"leftOperand\":\"purpose\"", "stands twice")]
    [InlineData("\"duty\":[", "\"duty\":[{\"action\":\"delete\",\"constraint\":[{\"leftOperand\":\"delayPeriod\",\"operator\":\"lteq\",\"rightOperand\":\"P900D\"}]},", "delete stands twice")]
    [InlineData("\"permission\":[", "\"odrl:permission\":[],\"permission\":[", "twice")]
    [InlineData("\"leftOperand\":\"purpose\"", "\"leftOperand\":\"purpose\",\"cityhub:of\":\"district\"", "of no field")]
    [InlineData("\"permission\":[{", "\"permission\":[{\"target\":\"urn:cityhub:dataset:hydrants\",", "more than one target")]
    [InlineData("\"permission\":[{", "\"permission\":[{\"assignee\":\"urn:cityhub:department:fire\",", "more than one assignee")]
    [InlineData("\"action\":\"distribute\"", "\"action\":\"distribute\",\"target\":\"urn:cityhub:dataset:hydrants\"", "more than one target")]
    public void What_cannot_be_kept_is_refused_with_what_it_was(string there, string instead, string said)
    {
        var text = Write(Strict);
        var changed = text.Replace(there, instead, StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        var problem = Assert.IsType<Problem>(Read(changed).Problem);
        Assert.Equal("agreement-not-understood", problem.Code);
        Assert.Contains(said, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_may_say_again_what_the_agreement_says()
    {
        var text = Write(Strict).Replace("\"permission\":[{", "\"permission\":[{\"target\":\"urn:cityhub:dataset:benefits\",\"assignee\":\"urn:cityhub:department:wjw\",", StringComparison.Ordinal);
        Assert.Equal(Strict, Read(text).Value);
        Assert.Equal(Strict, Read(text.Replace("\"target\":\"urn:cityhub:dataset:benefits\",\"cityhub:basis\"", "\"cityhub:basis\"", StringComparison.Ordinal)).Value);
    }

    [Fact]
    public void A_grant_with_a_limit_that_is_left_out_is_another_grant() // The reader takes nothing for granted that is not said.
    {
        using var document = JsonDocument.Parse(Write(Strict));
        var constraints = document.RootElement.GetProperty("permission")[0].GetProperty("constraint").EnumerateArray().Select(c => c.GetRawText()).ToList();
        Assert.Equal(11, constraints.Count);
        foreach (var one in constraints)
        {
            var without = document.RootElement.GetRawText().Replace(one + ",", "", StringComparison.Ordinal).Replace("," + one, "", StringComparison.Ordinal);
            Assert.True(!Read(without).TryGet(out var read, out _) || read != Strict, one);
        }
    }

    private static readonly Grant Strict = new()
    {
        Id = "g-1", Version = 2, Dataset = "benefits", Provider = "mzj", Receiver = "wjw", Rights = Rights.Obtain | Rights.Use, Purpose = "relief/check", Modes = DeliveryModes.Api,
        Obligations = new()
        {
            Fields = ["id", "sum"], Rows = [new("district", RowTest.Under, ["3299"])], Grain = new(Core.Grains.TimeGrain.Month, default, default), SmallestGroup = 5,
            DestroyWithin = TimeSpan.FromDays(30), Masks = Obligations.Nothing.Masks.Add("id", MaskKind.Pseudonym), Onward = false, TellSubject = true, Quota = new(1000, null, null), Canaries = 20, Watermark = true,
        },
        From = Start, Until = Start.AddYears(1), Basis = "b", SignedBy = "zhang",
    };

    private static string Write(Grant grant)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            AgreementWriter.Write(json, grant);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static Result<Grant> Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        return AgreementReader.Read(document.RootElement);
    }
}
