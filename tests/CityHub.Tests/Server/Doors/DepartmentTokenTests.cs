using System.Buffers.Text;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Crypto;
using CityHub.Server.Doors;
using CityHub.Sharing.Parties;
using CsCheck;

namespace CityHub.Tests.Server.Doors;

public sealed class DepartmentTokenTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);
    private readonly ISigningKey _key = SigningKeys.Generate(SignatureAlgorithm.Ed25519);
    private readonly DepartmentTokens _tokens;
    private string? _enrolled;

    public DepartmentTokenTests()
    {
        _enrolled = Convert.ToBase64String(_key.Public.Bytes.Span);
        _tokens = new DepartmentTokens(id => id == "civil-affairs" ? _enrolled : null, "cityhub");
    }

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_department_vouches_for_its_people()
    {
        var bearer = _tokens.Verify(Token(), Now).Value;

        Assert.Equal("li.na", bearer.Subject);
        Assert.Equal("department:civil-affairs", bearer.Issuer);
        Assert.True(bearer.Permissions.Has(PermissionSet.BitOf(Permissions.DataUse)));
    }

    [Fact]
    public void It_cannot_allow_what_is_the_hubs_own()
    {
        var bearer = _tokens.Verify(Token(permissions: [Permissions.DataUse, Permissions.Operate, Permissions.EntitiesWrite, Permissions.FactsRead]), Now).Value;

        Assert.Equal([Permissions.DataUse], bearer.Permissions.Names);
    }

    [Fact]
    public void Whoever_runs_the_hub_cannot_sign_for_a_department()
    {
        using var other = SigningKeys.Generate(SignatureAlgorithm.Ed25519);

        Assert.Equal("token-refused", _tokens.Verify(Token(key: other), Now).Problem?.Code);
        Assert.Equal("token-refused", _tokens.Verify(Token(department: "health"), Now).Problem?.Code);
    }

    [Fact]
    public void A_token_ends_with_its_time_and_with_the_key_of_its_department()
    {
        var bearer = _tokens.Verify(Token(), Now).Value;

        Assert.True(_tokens.StillSigns(bearer));
        Assert.Equal("token-refused", _tokens.Verify(Token(), Now.AddDays(1)).Problem?.Code);
        _enrolled = null;
        Assert.False(_tokens.StillSigns(bearer));
    }

    [Theory]
    [InlineData(368, "cityhub", "longer than")]
    [InlineData(1, "another-hub", "It is for another-hub")]
    public void Refused_when_it_lives_too_long_or_is_for_another_hub(int days, string audience, string why) =>
        Assert.Contains(why, _tokens.Verify(Token(days: days, audience: audience), Now).Problem?.Detail);

    [Fact]
    public void No_changed_byte_is_believed()
    {
        var token = Token();
        Gen.Select(Gen.Int[0, token.Length - 1], Gen.Char["ABCxyz019-_."]).Sample((at, letter) =>
        {
            if (token[at] == letter)
                return;
            var changed = token[..at] + letter + token[(at + 1)..];
            var verified = _tokens.Verify(changed, Now);
            // The last letter of each part has bits that stand for nothing; a changed one is refused or is the same token.
            if (verified.Ok)
                Assert.Equal(Payload(token), Payload(changed));
        }, iter: 2_000);
    }

    [Fact]
    public void A_token_of_the_hub_makes_nobody_an_officer_however_it_is_named()
    {
        var callers = new Callers(person => new Caller(person, "civil-affairs", Roles.SharingOfficer), citizens: "public-security");

        var named = callers.Of(new Bearer { Subject = "zhao.min", Issuer = "cityhub", Permissions = PermissionSet.All, ExpiresAt = long.MaxValue });
        var vouched = callers.Of(new Bearer { Subject = "zhao.min", Issuer = "department:civil-affairs", Permissions = PermissionSet.Of([Permissions.DataUse]), ExpiresAt = long.MaxValue });
        var elsewhere = callers.Of(new Bearer { Subject = "zhao.min", Issuer = "department:health", Permissions = PermissionSet.Of([Permissions.DataUse]), ExpiresAt = long.MaxValue });

        Assert.Equal(new Caller("zhao.min", null, Roles.Operator), named);
        Assert.True(vouched.IsOf("civil-affairs", Roles.SharingOfficer));
        Assert.Equal(Roles.None, elsewhere.Roles);
    }

    [Fact]
    public void Only_the_department_that_knows_citizens_says_who_one_is()
    {
        var callers = new Callers(_ => Caller.Anyone, citizens: "public-security");
        Bearer Of(string department) => new() { Subject = "990000199001011234", Issuer = DepartmentTokens.IssuerOf(department), Permissions = PermissionSet.Of([Permissions.Citizen]), ExpiresAt = long.MaxValue };

        Assert.Equal(Roles.Citizen, callers.Of(Of("public-security")).Roles);
        Assert.Equal(Roles.None, callers.Of(Of("health")).Roles);
    }

    private string Token(ISigningKey? key = null, string department = "civil-affairs", IReadOnlyList<string>? permissions = null, double days = 0.5, string audience = "cityhub") =>
        DepartmentTokens.Sign(key ?? _key, department, audience, new TokenClaims("id", "li.na", permissions ?? [Permissions.DataUse], [], Now, Now.AddDays(days)));

    private static string Payload(string token) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1]));
}
