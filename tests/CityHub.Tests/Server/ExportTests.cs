using System.Text;
using CityHub.Core.Facts;
using CityHub.Server.Export;

namespace CityHub.Tests.Server;

/// <summary>The log as lines, and back to the byte.</summary>
public sealed class FactArchiveTests
{
    [Theory]
    [InlineData("{\"a\":[1,2.50,\"城\"]}")]
    [InlineData("{\"a\":1}\n")]
    [InlineData(" {\"a\":1}")]
    [InlineData("{\"a\":\r\n1}")]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("null")]
    public void A_fact_comes_back_to_the_byte(string payload)
    {
        var salt = Enumerable.Range(0, Fact.SaltBytes).Select(i => (byte)i).ToArray();
        var fact = new Fact(7, "entities@城", 3, "EntityCreated", new DateTimeOffset(638_000_000_000_000_001, TimeSpan.Zero), Encoding.UTF8.GetBytes(payload)) { Salt = salt };
        var line = new System.Buffers.ArrayBufferWriter<byte>();
        FactArchive.Write(line, fact);
        FactArchive.Write(line, fact with { Position = 8 });
        using var file = new MemoryStream(line.WrittenSpan.ToArray());
        var read = FactArchive.Read(file).ToList();
        Assert.Equal([7, 8], read.Select(f => f.Position));
        Assert.Equal((fact.Stream, fact.Version, fact.Type, fact.At), (read[0].Stream, read[0].Version, read[0].Type, read[0].At));
        Assert.Equal(fact.Payload.ToArray(), read[0].Payload.ToArray());
        Assert.Equal(salt, read[0].Salt.ToArray());
    }

    [Fact]
    public void A_line_that_was_cut_is_named()
    {
        using var file = new MemoryStream("{\"position\":1"u8.ToArray());
        Assert.Contains("line 1", Assert.Throws<FormatException>(() => FactArchive.Read(file).ToList()).Message, StringComparison.Ordinal);
    }
}
