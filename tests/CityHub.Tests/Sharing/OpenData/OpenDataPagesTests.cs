using System.Net;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>The pages on which people find data and take it away: both languages, no script, nothing that a caller may not know of.</summary>
public sealed class OpenDataPagesTests
{
    [Theory]
    [InlineData("", 3)]
    [InlineData("?q=公园", 1)]
    [InlineData("?q=air", 1)]
    [InlineData("?theme=休闲", 1)]
    [InlineData("?theme=环境", 2)]
    [InlineData("?department=eco&open=1", 3)]
    [InlineData("?q=登记", 0)] // the public does not know of it
    [InlineData("?department=police", 0)]
    public async Task People_search_what_they_may_know_of(string asked, int found)
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var page = await PageAsync(doors, "/catalog" + asked);

        Assert.Equal(found, page.Split("<article").Length - 1);
        Assert.DoesNotContain("人口登记", page, StringComparison.Ordinal);
        Assert.DoesNotContain("police", page.Replace("value=\"police\"", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_that_is_not_understood_says_so_and_an_old_page_number_leads_somewhere()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        for (var i = 0; i < 41; i++)
            doors.Catalogue.Add(DoorsUnderTest.Dataset($"d{i:d2}", $"数据{i}", $"Data {i}", true));

        Assert.Contains("role=\"alert\"", await PageAsync(doors, "/catalog?q=" + Uri.EscapeDataString("nonsense:\"")), StringComparison.Ordinal);
        var last = await PageAsync(doors, "/catalog?page=99");
        Assert.Contains("3 / 3", last, StringComparison.Ordinal);
        Assert.Contains("rel=\"prev\"", last, StringComparison.Ordinal);
        Assert.DoesNotContain("rel=\"next\"", last, StringComparison.Ordinal);
        Assert.Contains("1 / 3", await PageAsync(doors, "/catalog?page=minus"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_rows_are_a_release_that_is_opened_only_when_they_are_asked_for()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var without = await PageAsync(doors, "/dataset/air");
        Assert.DoesNotContain("<td>a3</td>", without, StringComparison.Ordinal);
        var opened = doors.Releases.Given.Count;
        var page = await PageAsync(doors, "/dataset/air?rows=1");

        Assert.Contains("<td>a3</td>", page, StringComparison.Ordinal);
        Assert.Contains("<td>West &quot;station&quot;</td>", page, StringComparison.Ordinal);
        Assert.Contains("98.0", page, StringComparison.Ordinal); // its quality
        Assert.Equal(opened + 1, doors.Releases.Given.Count);
        Assert.Contains("role=\"alert\"", await PageAsync(doors, "/dataset/ungranted?rows=1"), StringComparison.Ordinal); // refused, with the reason
    }

    [Fact]
    public async Task A_language_is_chosen_by_the_browser_or_by_hand_and_kept()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        Assert.Contains("<html lang=\"zh-CN\">", await PageAsync(doors, "/dataset/air"), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dataset/air?lang=en");
        request.Headers.Add("Accept-Language", "zh-CN");
        using var answer = await doors.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var english = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("<html lang=\"en\">", english, StringComparison.Ordinal);
        Assert.Contains("Ecology bureau", english, StringComparison.Ordinal);
        Assert.StartsWith("lang=en", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        Assert.Contains("<html lang=\"en\">", await PageAsync(doors, "/catalog"), StringComparison.Ordinal); // the client kept the cookie
    }

    [Fact]
    public async Task What_others_wrote_is_text_and_a_licence_that_is_no_address_is_no_link()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        doors.Catalogue.Add(DoorsUnderTest.Dataset("evil", "<script>alert(1)</script>", "x", true) with { Abstract = new Words("\"><img src=x onerror=alert(1)>", "x"), Licence = "javascript:alert(1)", Themes = ["\"><b>"] });

        foreach (var path in new[] { "/dataset/evil", "/catalog", "/catalog?q=" + Uri.EscapeDataString("\"><script>") })
        {
            var page = await PageAsync(doors, path);
            Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
            Assert.DoesNotContain("href=\"javascript", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_not_open_says_how_it_is_asked_for()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dataset/register?lang=zh");
        request.Headers.Add("Test-Department", "civil");
        using var answer = await doors.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("部门间有条件共享", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/desk\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("/datastore/dump", page, StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    private static async Task<string> PageAsync(DoorsUnderTest doors, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/html");
        request.Headers.Add("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.5");
        using var answer = await doors.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("frame-ancestors 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
