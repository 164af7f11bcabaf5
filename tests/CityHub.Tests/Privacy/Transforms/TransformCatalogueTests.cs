using CityHub.Privacy;
using CsCheck;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class TransformCatalogueTests
{
    [Fact]
    public void Every_technique_has_a_transform_or_says_where_it_is()
    {
        foreach (var entry in TransformCatalogue.All)
        {
            Assert.NotEmpty(entry.Chinese);
            Assert.NotEmpty(entry.Keeps);
            Assert.NotEmpty(entry.KeepsChinese);
            if (entry.Kind is null)
                Assert.Contains("Joint room", entry.Note);
            else
                Assert.Contains(entry.Kind, OfEachKind.Select(one => one.Kind));
        }

        Assert.Equal(TransformCodec.Kinds.Order(), TransformCatalogue.All.Where(one => one.Kind is not null).Select(one => one.Kind ?? "").Order());
        Assert.Equal(TransformCodec.Kinds.Order(), OfEachKind.Select(one => one.Kind).Order());
        Assert.Equal(Enum.GetValues<TransformFamily>(), TransformCatalogue.All.Select(one => one.Family).Distinct());
    }

    /// <summary>GB/T 37964-2019, annex A; each technique by its English word in the catalogue.</summary>
    [Theory]
    [InlineData(TransformFamily.Statistics, "sampling")]
    [InlineData(TransformFamily.Statistics, "aggregation")]
    [InlineData(TransformFamily.Cryptography, "deterministic encryption")]
    [InlineData(TransformFamily.Cryptography, "order-preserving encryption")]
    [InlineData(TransformFamily.Cryptography, "format-preserving encryption")]
    [InlineData(TransformFamily.Cryptography, "homomorphic encryption")]
    [InlineData(TransformFamily.Cryptography, "homomorphic secret sharing")]
    [InlineData(TransformFamily.Suppression, "masking")]
    [InlineData(TransformFamily.Suppression, "cell suppression")]
    [InlineData(TransformFamily.Suppression, "record suppression")]
    [InlineData(TransformFamily.Pseudonymisation, "random pseudonyms from a table")]
    [InlineData(TransformFamily.Pseudonymisation, "keyed pseudonyms")]
    [InlineData(TransformFamily.Anatomisation, "anatomisation")]
    [InlineData(TransformFamily.Generalisation, "rounding")]
    [InlineData(TransformFamily.Generalisation, "top and bottom coding")]
    [InlineData(TransformFamily.Generalisation, "combining attributes")]
    [InlineData(TransformFamily.Generalisation, "local generalisation")]
    [InlineData(TransformFamily.Generalisation, "generalisation by hierarchy")]
    [InlineData(TransformFamily.Randomisation, "noise")]
    [InlineData(TransformFamily.Randomisation, "permutation")]
    [InlineData(TransformFamily.Randomisation, "swapping")]
    [InlineData(TransformFamily.Randomisation, "microaggregation")]
    [InlineData(TransformFamily.Synthesis, "synthetic data")]
    public void The_technique_of_the_standard_is_there(TransformFamily family, string technique) =>
        Assert.Contains(TransformCatalogue.All, entry => entry.Family == family && entry.English.StartsWith(technique, StringComparison.Ordinal));

    public static TheoryData<string> Kinds => [.. OfEachKind.Select(one => one.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_transform_has_one_text_and_comes_back_from_it(string kind)
    {
        var transform = OfEachKind.Single(one => one.Kind == kind);
        var text = TransformCodec.Write(transform);
        var back = TransformCodec.Read(text);
        Assert.IsType(transform.GetType(), back);
        Assert.Equal(text, TransformCodec.Write(back));
        Assert.StartsWith($$"""{"kind":"{{kind}}",""", text);
        Assert.Equal(PrivacyCodes.SchemeUnreadable, Refused(() => TransformCodec.Read(text[..^1] + ",\"colour\":\"blue\"}")).Code);
        Assert.Equal(PrivacyCodes.SchemeUnreadable, Refused(() => TransformCodec.Read(text[..^1])).Code);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_transform_does_the_same_as_its_copy_and_says_truly_whether_it_can_be_taken_back(string kind)
    {
        var transform = OfEachKind.Single(one => one.Kind == kind);
        using var context = ReleaseContext();
        using var again = ReleaseContext();
        var made = transform.Apply(People, context);
        var copied = TransformCodec.Read(TransformCodec.Write(transform)).Apply(People, again);
        Assert.Equal(Text(made), Text(copied));
        Assert.NotEqual(Text(People), Text(made));
        Assert.NotEmpty(transform.Keeps);
        if (transform.Reversible)
            Assert.Equal(Text(People), Text(transform.Inverse().Apply(made, context)));
        else
            Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => transform.Inverse()).Code);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_table_without_the_column_or_a_context_without_what_is_needed_is_refused(string kind)
    {
        var transform = OfEachKind.Single(one => one.Kind == kind);
        using var context = ReleaseContext();
        Assert.Contains(Refused(() => transform.Apply(Table.Of(["other"], ["1"], ["2"], ["3"], ["4"]), context)).Code, new[] { PrivacyCodes.ColumnUnknown });
        using var empty = new TransformContext();
        try
        {
            _ = transform.Apply(People, empty);
        }
        catch (PrivacyException e)
        {
            Assert.Equal(PrivacyCodes.TransformUnusable, e.Refusal.Code);
            Assert.Equal(kind, e.Refusal.Rule);
        }
    }

    [Theory]
    [InlineData("""{"kind":"mask"}""")]
    [InlineData("""{"column":"name"}""")]
    [InlineData("""{"kind":"mask","column":7}""")]
    [InlineData("""{"kind":"mask","column":"name","column":"name"}""")]
    [InlineData("""{"kind":"mask","column":"name","hides":["vowels"]}""")]
    [InlineData("""{"kind":"mask","column":"name","keepFirst":1.5}""")]
    [InlineData("""{"kind":"mask","column":{"name":1}}""")]
    [InlineData("""{"kind":"homomorphic-encryption","column":"a"}""")]
    [InlineData("""{"kind":"keyed-hash","column":"a","key":"k","keyVersion":1,"suite":"rot13"}""")]
    [InlineData("""[1]""")]
    [InlineData("""{"kind":"\ud800"}""")]
    [InlineData("mask")]
    [InlineData("")]
    public void What_is_no_transform_is_refused(string text) => Assert.Equal(PrivacyCodes.SchemeUnreadable, Refused(() => TransformCodec.Read(text)).Code);

    [Fact]
    public void Any_text_may_be_a_parameter()
    {
        Gen.String[0, 20].Where(text => text.EnumerateRunes().All(rune => rune.Value != 0xfffd)).Array[1, 5].Sample(
            texts => Assert.Equal(texts.Distinct().Order(StringComparer.Ordinal), ((SuppressCells)TransformCodec.Read(TransformCodec.Write(new SuppressCells(texts[0], texts)))).Values),
            iter: 300,
            threads: 1);
    }

    internal static string Text(Table table) => string.Join('\n', Enumerable.Range(0, table.Rows).Select(row => string.Join(';', table.Columns.Select(column => column[row]))).Prepend(string.Join(';', table.Columns.Select(column => column.Name))));
}
