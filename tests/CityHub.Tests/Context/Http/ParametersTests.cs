using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;

namespace CityHub.Tests.Context.Http;

public sealed class ParametersTests
{
    [Theory]
    [InlineData("id")]
    [InlineData("speed,type")]
    [InlineData("@type")]
    public void Members_of_every_entity_are_no_attributes_to_ask_for(string attrs) =>
        Assert.Equal("bad-request-data", Of("attrs", attrs).Representation(LdContext.Core, null).Problem?.Code);

    [Theory]
    [InlineData("pick", "id", true)]
    [InlineData("pick", "id,speed", true)]
    [InlineData("pick", "speed", false)]
    [InlineData("omit", "speed", true)]
    [InlineData("omit", "id,type", false)]
    [InlineData("attrs", "speed", false)]
    public void What_pick_and_omit_leave_of_the_entity_itself(string parameter, string names, bool keeps) =>
        Assert.Equal(keeps, Of(parameter, names).Representation(LdContext.Core, null).Value.KeepsMembers);

    [Theory]
    [InlineData("MultiPoint", "[]")]
    [InlineData("MultiLineString", "[]")]
    [InlineData("MultiPolygon", "[]")]
    public void Nothing_is_near_an_empty_geometry(string geometry, string coordinates) =>
        Assert.Equal("bad-request-data", GeoQuery.Parse("near;maxDistance==5", geometry, coordinates, null, LdContext.Core).Problem?.Code);

    [Fact]
    public void Half_a_character_is_refused()
    {
        Assert.Equal("bad-request-data", QParser.Parse("names[\ud800zh]==\"x\"", LdContext.Core).Problem?.Code);
        Assert.Equal("bad-request-data", QParser.Parse("name==\"\udc00\"", LdContext.Core).Problem?.Code);
        Assert.Equal("bad-request-data", GeoQuery.Parse("within", "Po\ud800int", "[1,2]", null, LdContext.Core).Problem?.Code);
    }

    [Fact]
    public void A_whole_character_beyond_the_basic_plane_is_not() => Assert.True(QParser.Parse("name==\"𠮷\"", LdContext.Core).Ok);

    private static Parameters Of(string name, string value) => new(asked => asked == name ? value : null);
}
