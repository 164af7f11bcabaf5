using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CityHub.Tests.Server.Doors;

/// <summary>An OpenID Connect provider of our own: metadata and keys over HTTP, tokens signed with ES256.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestIssuer(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";

    public ECDsa Key { get; private set; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string KeyId { get; private set; } = "first";

    /// <summary>How often somebody asked for the keys.</summary>
    public int Asked { get; private set; }

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var issuer = new TestIssuer(app);
        app.Run(issuer.AnswerAsync);
        await app.StartAsync();
        issuer.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "";
        return issuer;
    }

    public void Rotate()
    {
        Key.Dispose();
        (Key, KeyId) = (ECDsa.Create(ECCurve.NamedCurves.nistP256), "second");
    }

    public string Token(DateTimeOffset now, string scope, string? more = null, string audience = "cityhub", string? issuer = null, TimeSpan? life = null) => Sign(
        $$"""{"alg":"ES256","typ":"JWT","kid":"{{KeyId}}"}""",
        $$"""{"iss":"{{issuer ?? Url}}","aud":"{{audience}}","sub":"duty-officer","exp":{{(now + (life ?? TimeSpan.FromHours(1))).ToUnixTimeSeconds()}},"scope":"{{scope}}"{{(more is null ? "" : "," + more)}}}""");

    public string Sign(string header, string payload, ECDsa? key = null)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString((key ?? Key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Key.Dispose();
    }

    private Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        if (http.Request.Path == "/.well-known/openid-configuration")
            return http.Response.WriteAsync($$"""{"issuer":"{{Url}}","jwks_uri":"{{Url}}/keys","authorization_endpoint":"{{Url}}/a","token_endpoint":"{{Url}}/t","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256"]}""");
        Asked++;
        var point = Key.ExportParameters(false).Q;
        return http.Response.WriteAsync($$"""{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"{{KeyId}}","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}]}""");
    }
}
