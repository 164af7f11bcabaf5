using System.Text;

namespace CityHub.Server.Pages;

/// <summary><c>/api</c>: the frame of the page in the reader's language; the script fills it from <c>/openapi/v1.json</c>, whose texts are English.</summary>
internal static class ApiPage
{
    private static readonly (string Name, string English, string Chinese)[] Words =
    [
        ("lang", "en", "zh-CN"),
        ("other", "中文", "English"),
        ("otherCode", "zh", "en"),
        ("skip", "To the content", "跳到正文"),
        ("title", "API", "接口"),
        ("document", "OpenAPI document", "OpenAPI 文档"),
        ("lead", "Every address of this hub, written from its routes. Open one to read it and to try it.", "本枢纽的全部接口，由路由自动生成。展开即可阅读和试用。"),
        ("token", "Token (stays in this page)", "令牌（只留在本页）"),
        ("find", "Find", "查找"),
        ("noScript", "Without script, read the document itself:", "未启用脚本时，请直接阅读文档："),
        ("needs", "Needs the permission", "需要权限"),
        ("public", "Open to everybody.", "对所有人开放。"),
        ("body", "Body", "请求体"),
        ("try", "Try", "试用"),
        ("noAnswer", "The hub did not answer:", "枢纽没有应答："),
        ("unreadable", "The description could not be read:", "无法读取接口描述："),
        ("nothing", "Nothing is called like that.", "没有匹配的接口。"),
        ("addresses", "addresses", "个接口"),
        ("loading", "One moment …", "请稍候……"),
    ];

    public static string Write(string frame, string language)
    {
        var page = new StringBuilder(frame);
        foreach (var (name, english, chinese) in Words)
            page.Replace($"{{{name}}}", language == "zh" ? chinese : english);
        return page.ToString();
    }
}
