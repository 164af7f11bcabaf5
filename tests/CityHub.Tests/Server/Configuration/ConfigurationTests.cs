using CityHub.Server.Configuration;
using CityHub.Tests.Docs;
using CityHub.Tests.Server.Verbs;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Configuration;

/// <summary>A wrong configuration is refused at start with the key, the value, what is allowed and where it was written.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("limits.body=lots", "limits.body is lots (--set limits.body); it takes a number of bytes")]
    [InlineData("limits.batch=0", "limits.batch is 0")]
    [InlineData("limits.request=soon", "limits.request is soon")]
    [InlineData("http.urls=ftp://x", "http.urls is ftp://x")]
    [InlineData("http.urls=https://127.0.0.1:8443", "https needs http.certificate.path")]
    [InlineData("mqtt.tls=127.0.0.1:8883", "MQTT over TLS needs http.certificate.path")]
    [InlineData("mqtt.tcp=nowhere", "mqtt.tcp is nowhere")]
    [InlineData("telemetry.log=loud", "telemetry.log is loud (--set telemetry.log); it takes one of trace, debug, information, warning, error")]
    [InlineData("limts.body=1MiB", "limts.body is no key of the configuration (--set limts.body); did you mean limits.body?")]
    [InlineData("auth.issuers.0.url=http://id.example", "auth.issuers.0.url is http://id.example")]
    [InlineData("auth.issuers.0.scopes=scp", "auth.issuers.0.url is missing")]
    [InlineData("retention.0.type=*", "retention.0.keep is missing")]
    [InlineData("tenants=a b!", "tenants is a b!")]
    [InlineData("open=perhaps", "open is perhaps (--set open); it takes true or false")]
    [InlineData("http.certificate.path=/there/is/none.pem", "http.certificate.path is /there/is/none.pem")]
    public async Task Refused_with_the_key_the_value_and_where_it_was_written(string set, string said)
    {
        var refused = await Run.Of(["serve", "--check", "--set", set], _folder.Path);

        Assert.Equal(2, refused.Exit);
        Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        Assert.Contains("cityhub explain bad-configuration", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--urls", "http://0.0.0.0:8080")]
    [InlineData("--urls", "http://*:8080")]
    [InlineData("--urls", "http://127.0.0.1:8080;http://10.0.0.5:8080")]
    [InlineData("--mqtt", "0.0.0.0:1883")]
    public async Task Open_is_refused_unless_bound_to_loopback(string option, string address)
    {
        var refused = await Run.Of(["serve", "--open", "--check", option, address], _folder.Path);

        Assert.Equal(2, refused.Exit);
        Assert.Contains("open is true (--open) and the hub would listen on", refused.Error, StringComparison.Ordinal);
        Assert.Contains("loopback", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://[::1]:8080")]
    [InlineData("http://localhost:8080")]
    public async Task Open_is_taken_on_loopback(string address) => Assert.Equal(0, (await Run.Of(["serve", "--open", "--check", "--urls", address], _folder.Path)).Exit);

    [Fact]
    public async Task The_demo_is_refused_outside_loopback()
    {
        var refused = await Run.Of(["demo", "--urls", "http://0.0.0.0:0", "--data", _folder.File("demo")], _folder.Path);

        Assert.Equal(2, refused.Exit);
        Assert.False(Directory.Exists(_folder.File("demo")));
    }

    [Fact]
    public async Task A_file_is_named_with_the_line()
    {
        await File.WriteAllTextAsync(_folder.File("cityhub.json"), """
            {
              // comments are welcome
              "limits": {
                "batch": -1,
              },
            }
            """, TestContext.Current.CancellationToken);

        var refused = await Run.Of(["serve", "--check"], _folder.Path);

        Assert.Equal(2, refused.Exit);
        Assert.Contains("limits.batch is -1 (cityhub.json line 4)", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once()
    {
        var refused = await Run.Of(["serve", "--check", "--set", "limits.batch=0", "--set", "limits.rate=-1"], _folder.Path, ("CITYHUB__TELEMETRY__LOG", "loud"));

        Assert.Contains("limits.batch is 0", refused.Error, StringComparison.Ordinal);
        Assert.Contains("limits.rate is -1", refused.Error, StringComparison.Ordinal);
        Assert.Contains("environment CITYHUB__TELEMETRY__LOG", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flag_wins_over_the_environment_and_that_over_the_file()
    {
        await File.WriteAllTextAsync(_folder.File("cityhub.json"), """{"limits":{"batch":1},"data":"from-file"}""", TestContext.Current.CancellationToken);
        var good = await Run.Of(["serve", "--check", "--set", "limits.batch=5"], _folder.Path, ("CITYHUB__LIMITS__BATCH", "0"));
        Assert.Equal(0, good.Exit);
        var bad = await Run.Of(["serve", "--check"], _folder.Path, ("CITYHUB__LIMITS__BATCH", "0"));
        Assert.Contains("environment CITYHUB__LIMITS__BATCH", bad.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_is_not_repeated()
    {
        var refused = await Run.Of(["serve", "--check", "--set", "http.certificate.pasword=hunter2", "--set", "limits.batch=0"], _folder.Path);

        Assert.Equal(2, refused.Exit);
        Assert.DoesNotContain("hunter2", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_reference_page_has_every_key_with_its_default_and_nothing_else()
    {
        var page = File.ReadAllLines(Repository.File("docs/reference/configuration.md"));
        var rows = page.Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('|')).ToDictionary(c => c[1].Trim().Trim('`'), c => c[2].Trim().Trim('`'), StringComparer.Ordinal);

        var keys = ConfigReader.Keys().Where(k => !k.Key.EndsWith(".#", StringComparison.Ordinal)).ToList();

        Assert.Equal(keys.Select(k => k.Key).Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        foreach (var key in keys)
            Assert.True(rows[key.Key] == key.Default, $"{key.Key}: the page says {rows[key.Key]}, the code {key.Default}.");
    }
}
